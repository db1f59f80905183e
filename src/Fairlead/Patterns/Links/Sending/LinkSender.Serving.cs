using Fairlead.Framing;
using Fairlead.Native.Memory;
using Fairlead.Patterns.Links.Output;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Sending;

/// <content>
/// The queue of messages that wait for credit, in order, and reports of dropped messages. The next message reports them to the peer, or an
/// acknowledgement if no message is in sight, or the final message.
/// </content>
internal sealed partial class LinkSender
{
    // The number reported behind the last message. The next message reports it again.
    private long _missedReported;

    /// <summary>Handles an acknowledgement, and lets queued messages continue. Called by the pump.</summary>
    /// <returns>Whether there is more credit than before.</returns>
    public bool OnAck(uint acknowledged, Completions completions)
    {
        if (acknowledged == Window.Acknowledged)
        {
            return false;
        }

        using (Hold())
        {
            if (BroadcastSlot is not null && Window.IsOld(acknowledged))
            {
                // The peer's counters in shared memory have overtaken this acknowledgement.
                return false;
            }

            if (HasSlot)
            {
                AcknowledgeInSlot(acknowledged);
            }
            else
            {
                Window.Acknowledge(acknowledged);
                _link.HandleWindow.Acknowledge(acknowledged);
            }

            ServeQueued(completions);
            _output.ConfirmWaiters.Serve(completions);
            return true;
        }
    }

    /// <summary>Handles an acknowledgement that no queued message waits for.</summary>
    public bool TryNoteAck(uint acknowledged, int me)
    {
        if (acknowledged == Window.Acknowledged)
        {
            return true;
        }

        // Released by hand, as in TrySendPlain.
        BiasedLock.Scope sending = HoldPlain(me);
        bool isNoted = TryNoteAck(acknowledged);
        sending.Dispose();
        return isNoted;
    }

    /// <summary>Handles such an acknowledgement under the send lock. Returns false if there is more to do.</summary>
    public bool TryNoteAck(uint acknowledged) =>
        !HasSlot
        && Queue.Count == 0
        && !_link.CloseHandshake.HasSaid
        && !_endpoint.HearsOfCredit
        && Window.TryAcknowledge(acknowledged);

    /// <summary>Handles an acknowledgement that arrives while the peer takes part in a broadcast. Under the send lock.</summary>
    private void AcknowledgeInSlot(uint acknowledged)
    {
        if (!BroadcastSlot!.Acknowledge(acknowledged))
        {
            throw new FairleadException(ErrorCode.Corrupt, "the peer acknowledged messages that were never sent");
        }
    }

    /// <summary>Continues blocked output, and then the queued messages, because there is capacity again. Under the send lock.</summary>
    /// <returns>Whether a thread must pump for the rest.</returns>
    public bool GoOn(Completions completions)
    {
        _output.Unblock();
        bool needsPump = _output.FlushNow();
        _output.CompleteWriting(completions);
        ServeQueued(completions);
        return needsPump;
    }

    /// <summary>Sends the queued messages that have credit, in order.</summary>
    private void ServeQueued(Completions completions)
    {
        bool any = false;
        while (Queue.Count > 0 && _link.State == LinkState.Up && !_output.IsBroken && !_link.CloseHandshake.HasSaid)
        {
            LinkOperation operation = Queue.First;
            if (operation.IsClaimed)
            {
                Queue.DequeueUnsent();
                continue;
            }

            if (!_limits.AllowsNext(operation))
            {
                break;
            }

            Queue.Dequeue();
            DeferMissed(operation);
            if (_link.IsRaw && !IsStillGood(operation, completions))
            {
                continue;
            }

            try
            {
                _output.CommitOperation(operation, completions);
            }
            catch (Exception exception)
            {
                // Memory for it is not available, or its own memory cannot be read. That concerns only its sender, unless the connection is
                // broken by now.
                Queue.DeferMissed(Refuse(operation, exception, completions));
                continue;
            }

            any = true;
            if (_connection.Unflushed >= LinkOutput.BatchBytes || _connection.HasLong)
            {
                _output.FlushNow();
                _output.CompleteWriting(completions);
            }
        }

        if (any)
        {
            _output.FlushNow();
            _output.CompleteWriting(completions);
        }

        ReportMissed();
        _owner.EndIfDue();
    }

    /// <summary>Checks with the connection again before a queued message is sent, because the disk may have become full.</summary>
    /// <remarks>A waiting caller gets the error.</remarks>
    private bool IsStillGood(LinkOperation operation, Completions completions)
    {
        try
        {
            _connection.Check(operation.Payload.Span);
            return true;
        }
        catch (FairleadException) when (operation.HasNoCaller)
        {
            // No caller waits for the error: the connection ends with this message and reports it.
            return true;
        }
        catch (FairleadException exception)
        {
            _ = Refuse(operation, exception.Address is null ? exception.At(_endpoint.Address) : exception, completions);
            return false;
        }
    }

    /// <summary>Refuses a queued message for a reason that concerns only its sender. A message without a caller is dropped.</summary>
    /// <remarks>Under the send lock.</remarks>
    /// <returns>The number of messages that the peer misses, for the next message to report.</returns>
    private long Refuse(LinkOperation operation, Exception why, Completions completions)
    {
        long missed = operation.Missed;
        if (operation.HasNoCaller)
        {
            _endpoint.DropReport.Count();
            operation.Finish(LinkOutcome.Dropped, _link, completions);
            return missed + 1;
        }

        operation.At = LinkOperation.Stage.Ended;
        if (operation.TryFail(why))
        {
            completions.Add(operation);
        }

        return missed;
    }

    /// <summary>Counts a message that was dropped before it reached the queue.</summary>
    public void CountMissed()
    {
        using (Hold())
        {
            Queue.AddMissed(1);
        }

        _endpoint.DropReport.Count();
    }

    /// <summary>Counts messages that the peer misses, and that this end does not have to drop.</summary>
    public void AddMissed(long count)
    {
        using (Hold())
        {
            Queue.AddMissed(count);
        }
    }

    /// <summary>Returns the number of dropped messages that the next message reports.</summary>
    /// <remarks>Returns 0 if the number would make the message too long for the peer; a later message then reports it.</remarks>
    private long MissedToReport(int length) => Queue.Missed == 0 || _link.IsRaw || !Takes(length + MissedBytes) ? 0 : Queue.Missed;

    /// <summary>Notes that the message with the report has been committed.</summary>
    private void NoteMissedReported(long missed)
    {
        if (missed > 0)
        {
            _missedReported = 0;
            _ = Queue.TakeMissed();
        }
    }

    /// <summary>Does the same for a message that was queued.</summary>
    private void DeferMissed(LinkOperation operation)
    {
        if (operation.Missed == 0)
        {
            return;
        }

        if (_link.IsRaw || !Takes(operation.Length + MissedBytes))
        {
            Queue.DeferMissed(operation.Missed);
            operation.Missed = 0;
        }
        else
        {
            _missedReported = 0;
        }
    }

    /// <summary>Reports messages dropped behind the last sent one, because the next message may come late. Under the send lock.</summary>
    private void ReportMissed()
    {
        if (Queue.Count > 0
            || Queue.Missed == _missedReported
            || _link.IsRaw
            || _link.State != LinkState.Up
            || _link.CloseHandshake.HasSaid
            || _output.TakesNoMore
            || !Takes(MissedBytes))
        {
            return;
        }

        _missedReported = Queue.Missed;
        MessageHeader header = MessageHeader.Of(MessageKind.Ack);
        _output.Commit(ref header, default, default, _missedReported);
        _output.FlushNow();
    }

    /// <summary>Queues a message of the history, whatever the policy says, because the history itself is limited.</summary>
    /// <remarks>
    /// <see cref="ServeReplayed"/> sends it. A peer that asks again without reading misses what exceeds a history and a full queue.
    /// </remarks>
    public void Replay(in History.Entry entry, History history)
    {
        if (!Takes(entry.Length))
        {
            CountMissed();
            return;
        }

        using (Hold())
        {
            if (_link.State == LinkState.Up && _link.CloseHandshake.IsOpen && !_output.IsBroken)
            {
                if (!Queue.HasRoomForReplay(entry.Length, history))
                {
                    Queue.CountDropped();
                    return;
                }

                // No broadcast may overtake it: a peer with queued messages does not take part.
                Leave();
                OutgoingMessage message = new(MessageHeader.Of(MessageKind.Publish), entry.Head, entry.Payload);
                Queue.Enqueue(LinkOperation.CopyOf(_endpoint, message, replaces: false));
            }
        }
    }

    /// <summary>Sends the replayed messages, within the credit. Called by the pump.</summary>
    public void ServeReplayed()
    {
        using (Completions completions = Completions.Rent())
        using (Hold())
        {
            if (_link.State == LinkState.Up)
            {
                ServeQueued(completions);
            }
        }
    }
}
