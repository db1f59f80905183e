using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <content>
/// Those who wait for credit, in their order; and what was dropped for want of room, of which the peer hears with the next message, with an
/// acknowledgement when no next one is in sight, and with the last word.
/// </content>
internal sealed partial class LinkSender
{
    // How many were told behind the last message, which the next one tells again.
    private long _missedTold;

    /// <summary>Takes note of what the peer has acknowledged, and lets those who wait go on. By the pump.</summary>
    /// <returns>Whether there is more credit than before.</returns>
    public bool OnAck(uint acknowledged, Completions completions)
    {
        if (acknowledged == _window.Acknowledged)
        {
            return false;
        }

        using (Hold())
        {
            if (_link.Place.Seat is not null && _window.IsOld(acknowledged))
            {
                // It has been overtaken by what the peer said in memory.
                return false;
            }

            if (_link.Place.IsSeated)
            {
                _link.Place.Acknowledge(acknowledged);
            }
            else
            {
                _window.Acknowledge(acknowledged);
                _link.Handles.Acknowledge(acknowledged);
            }

            ServeQueued(completions);
            return true;
        }
    }

    /// <summary>Takes note of an acknowledgement for which nobody waits.</summary>
    public bool TryNoteAck(uint acknowledged, int me)
    {
        if (acknowledged == _window.Acknowledged)
        {
            return true;
        }

        // Left by hand, as in TrySendPlain.
        BiasedLock.Scope sending = _sending.Hold(me);
        bool isNoted = TryNoteAck(acknowledged);
        sending.Dispose();
        return isNoted;
    }

    /// <summary>Under the send lock.</summary>
    public bool TryNoteAck(uint acknowledged) =>
        !_link.Place.IsSeated
        && _queued.Count == 0
        && !_link.Close.HasSaid
        && !_endpoint.HearsOfCredit
        && _window.TryAcknowledge(acknowledged);

    /// <summary>There is room again: what was blocked goes on, and behind it those who wait. Under the send lock.</summary>
    /// <returns>Whether somebody must pump for the rest.</returns>
    public bool GoOn(Completions completions)
    {
        _output.Unblock();
        bool needsPump = _output.FlushNow();
        _output.CompleteWriting(completions);
        ServeQueued(completions);
        return needsPump;
    }

    /// <summary>Lets those who wait for credit go on, in their order.</summary>
    private void ServeQueued(Completions completions)
    {
        bool any = false;
        while (_queued.Count > 0 && _link.State == LinkState.Up && !_output.IsBroken && !_link.Close.HasSaid)
        {
            LinkOperation operation = _queued.First;
            if (operation.IsClaimed)
            {
                _queued.DequeueUnsent();
                continue;
            }

            int length = operation.Length + (operation.Missed > 0 ? MissedBytes : 0);
            if (!HasCredit(length)
                || !HasPlaceFor(operation)
                || (_connection.HasLong && operation.PayloadLength >= _connection.LongThreshold))
            {
                break;
            }

            _queued.Dequeue();
            DeferMissed(operation);
            if (_link.IsBare && !IsStillGood(operation, completions))
            {
                continue;
            }

            try
            {
                _output.CommitOperation(operation, completions);
            }
            catch (Exception exception)
            {
                // There is no memory for it, or its own cannot be read: that concerns its sender alone, unless the connection is broken by
                // now.
                _queued.DeferMissed(Refuse(operation, exception, completions));
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

        TellMissed();
        _link.CloseIfDue();
        _link.EndSendingIfDue();
    }

    /// <summary>
    /// Asks the connection again before a message that has waited is sent: the disk can have become full meanwhile. A waiting caller is
    /// told.
    /// </summary>
    private bool IsStillGood(LinkOperation operation, Completions completions)
    {
        try
        {
            _connection.Check(operation.Payload.Span);
            return true;
        }
        catch (FairleadException) when (operation.IsLeft)
        {
            // No caller waits that could be told: the connection ends with this message, and says so.
            return true;
        }
        catch (FairleadException exception)
        {
            _ = Refuse(operation, exception.Address is null ? exception.At(_endpoint.Address) : exception, completions);
            return false;
        }
    }

    /// <summary>
    /// A message that has waited cannot be sent, for a reason that concerns its sender alone. One that was left here has no sender who
    /// could be told, and is dropped. Under the send lock.
    /// </summary>
    /// <returns>How many messages the peer misses, which the next one is to say.</returns>
    private long Refuse(LinkOperation operation, Exception why, Completions completions)
    {
        long missed = operation.Missed;
        if (operation.IsLeft)
        {
            _endpoint.Drops.Count();
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

    /// <summary>A message was dropped before it came to the queue.</summary>
    public void CountMissed()
    {
        using (Hold())
        {
            _queued.AddMissed(1);
        }

        _endpoint.Drops.Count();
    }

    /// <summary>
    /// What the next message says of those missed before it; nothing where the number would make it longer than the peer takes: then a
    /// later one says it.
    /// </summary>
    private long MissedToTell(int length) => _queued.Missed == 0 || _link.IsBare || !Takes(length + MissedBytes) ? 0 : _queued.Missed;

    /// <summary>The message that says it is on its way.</summary>
    private void NoteMissedTold(long missed)
    {
        if (missed > 0)
        {
            _missedTold = 0;
            _ = _queued.TakeMissed();
        }
    }

    /// <summary>The same for a message that has waited.</summary>
    private void DeferMissed(LinkOperation operation)
    {
        if (operation.Missed == 0)
        {
            return;
        }

        if (_link.IsBare || !Takes(operation.Length + MissedBytes))
        {
            _queued.DeferMissed(operation.Missed);
            operation.Missed = 0;
        }
        else
        {
            _missedTold = 0;
        }
    }

    /// <summary>
    /// Says what was missed behind the last message, when all are sent: nobody knows when the next one comes. Under the send lock.
    /// </summary>
    private void TellMissed()
    {
        if (_queued.Count > 0
            || _queued.Missed == _missedTold
            || _link.IsBare
            || _link.State != LinkState.Up
            || _link.Close.HasSaid
            || _output.TakesNoMore
            || !Takes(MissedBytes))
        {
            return;
        }

        _missedTold = _queued.Missed;
        MessageHeader header = MessageHeader.Of(MessageKind.Ack);
        _output.Commit(ref header, default, default, _missedTold);
        _output.FlushNow();
    }

    /// <summary>
    /// Leaves a message here whatever the policy says: how many there may be is bounded by who keeps them. <see cref="ServeReplayed"/>
    /// sends it.
    /// </summary>
    public void Replay(in History.Entry entry)
    {
        if (!Takes(entry.Length))
        {
            CountMissed();
            return;
        }

        using (Hold())
        {
            if (_link.State == LinkState.Up && _link.Close.IsOpen && !_output.IsBroken)
            {
                // Nothing that is written for many may overtake it: nobody sits for whom something waits.
                _link.Place.Leave();
                Letter letter = new(MessageHeader.Of(MessageKind.Publish), entry.Head, entry.Payload, topic: null, isMovable: false);
                _queued.Enqueue(LinkOperation.Leave(_endpoint, letter, replaces: false));
            }
        }
    }

    /// <summary>Sends what was replayed, as far as there is credit. By the pump.</summary>
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
