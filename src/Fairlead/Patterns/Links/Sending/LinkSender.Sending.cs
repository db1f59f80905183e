using System.Buffers;
using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Native.Memory;
using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Output;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Sending;

/// <content>Sending a message now, or queueing it.</content>
internal sealed partial class LinkSender
{
    /// <summary>Sends a data message if there is credit and none waits before it; otherwise refuses or queues it. Does not
    /// block.</summary>
    /// <param name="message">The message, which is copied.</param>
    /// <param name="whenFull">What becomes of it without credit.</param>
    /// <param name="call">The call that waits for the answer, if any.</param>
    /// <param name="isStream">Whether more messages are known to follow immediately.</param>
    /// <returns>Sent: sent or queued. Full: neither. Dropped: this message was dropped. PeerGone.</returns>
    public LinkOutcome Send(
        in OutgoingMessage message, WhenFull whenFull = WhenFull.Refuse, LinkOperation? call = null, bool isStream = false)
    {
        LinkOutcome outcome;
        bool needsPump;
        bool isQueued = false;
        using (Completions? completions = whenFull == WhenFull.Refuse ? null : Completions.Rent())
        using (Hold())
        {
            outcome = _limits.Check(message.Length);
            if (outcome == LinkOutcome.Sent)
            {
                MessageHeader header = message.Header;
                long missed = MissedToReport(message.Length);
                _output.Commit(ref header, message.Head, message.Payload, missed, call);
                NoteMissedReported(missed);
                if (call is not null)
                {
                    call.At = LinkOperation.Stage.AwaitingAnswer;
                }

                needsPump = _output.FlushSoon(mayWait: call is null, isStream);
            }
            else
            {
                if (outcome == LinkOutcome.Full && completions is not null)
                {
                    NoteWaiting(isSlow: false);
                    outcome = Queue.EnqueueCopy(message, _link.Policy, whenFull, completions);
                    isQueued = outcome == LinkOutcome.Sent;
                }

                // Write out when the window is full, whatever the batch size is.
                needsPump = _output.IsDeferred && _output.FlushNow();
            }
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }
        else if (isQueued)
        {
            // A thread must read the acknowledgements that let the message continue.
            _endpoint.Pump.ArmForWaiters();
        }

        return outcome;
    }

    /// <summary>Leases memory of the connection for a message, if the message could be sent immediately.</summary>
    /// <remarks>Messages sent before the loan is committed go before it.</remarks>
    public bool TryLoan(int length, out Memory<byte> memory)
    {
        memory = default;
        if (_memoryOutput is not { } output || !Takes(length))
        {
            return false;
        }

        using (Hold())
        {
            return _limits.Check(length) == LinkOutcome.Sent && Queue.Missed == 0 && output.TryLoan(length, out memory);
        }
    }

    /// <summary>Sends the content of the loan in place, and ends the loan. Returns false if that is not possible.</summary>
    /// <remarks>The caller then sends the memory like any other, and ends the loan.</remarks>
    public bool TrySendLoan(MessageHeader header, int length)
    {
        bool needsPump;
        using (Hold())
        {
            header.Length = length;
            if (_limits.Check(length) != LinkOutcome.Sent || Queue.Missed > 0 || _memoryOutput is not { HoldsLoan: true } output)
            {
                return false;
            }

            _output.CommitLoan(output, header, length);
            needsPump = _output.FlushSoon();
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }

        return true;
    }

    /// <summary>Ends the loan.</summary>
    public void EndLoan()
    {
        bool needsPump;
        using (Completions completions = Completions.Rent())
        using (Hold())
        {
            _memoryOutput?.EndLoan();

            // Other messages may have waited for the ring to become free.
            needsPump = _output.IsBlocked && _link.State != LinkState.Down && GoOn(completions);
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }
    }

    /// <summary>Sends an operation's message, and waits for credit if necessary.</summary>
    /// <remarks>
    /// A message ends its operation when it is buffered or, if the payload is long, written from the caller's memory. A call ends when the
    /// answer arrives.
    /// </remarks>
    public void Start(LinkOperation operation)
    {
        bool needsPump = !TryStartInMemory(operation) && StartThroughConnection(operation);
        if (needsPump)
        {
            _endpoint.Pump.Request();
        }
        else if (!operation.IsBlocking && !operation.IsClaimed)
        {
            _endpoint.Pump.ArmForWaiters();
        }
    }

    /// <summary>Keeps writing a long message while the peer reads.</summary>
    /// <remarks>
    /// The kernel calls a socket writable only when most of its buffer is empty. A blocking sender that tries earlier keeps both sides
    /// busy. Ends when the message is written, or after a limited time without progress; the sender then sleeps.
    /// </remarks>
    public void Push(LinkOperation operation)
    {
        for (int idle = 0; idle < PushAttempts && !operation.IsClaimed && operation.At == LinkOperation.Stage.Writing; idle++)
        {
            Thread.Yield();
            using (Completions completions = Completions.Rent())
            using (Hold())
            {
                int before = _connection.LongRest;
                if (!_output.IsBroken && _link.State != LinkState.Down && _output.Write() == FlushResult.Done)
                {
                    _ = GoOn(completions);
                }

                if (_connection.LongRest < before)
                {
                    idle = 0;
                }
            }
        }
    }

    /// <summary>Returns whether a thread must pump.</summary>
    private bool StartThroughConnection(LinkOperation operation)
    {
        bool needsPump;
        using (Completions completions = Completions.Rent())
        using (Hold())
        {
            // If it was withdrawn before it began, it is not sent, and nothing here may keep it.
            needsPump = !operation.IsClaimed && Begin(operation, completions);
        }

        if (HasRequeued)
        {
            _owner.Move();
        }

        return needsPump;
    }

    /// <summary>Sends a short call over memory, which completes and moves nothing. Returns false if nothing was done.</summary>
    private bool TryStartInMemory(LinkOperation operation)
    {
        if (_memoryOutput is null)
        {
            return false;
        }

        using (Hold())
        {
            return !operation.IsClaimed && TryBeginInMemory(operation);
        }
    }

    /// <summary>Sends a short call over memory, if that needs nothing but credit and capacity. Under the send lock.</summary>
    private bool TryBeginInMemory(LinkOperation operation)
    {
        if (_memoryOutput is not { } output
            || !(operation.WantsAnswer && operation.Header.Kind.IsData())
            || !operation.IsWhole
            || operation.PayloadLength >= LinkOutput.LongPayload
            || operation.Handle is not null
            || !_limits.IsPlain
            || !Window.HasCreditAtOnce(operation.Length))
        {
            return false;
        }

        // Before the call is recorded, because the owner of its memory may throw.
        ReadOnlySpan<byte> payload = operation.Payload.Span;
        uint id = operation.Header.Id = _calls.Add(operation);
        operation.Header.Length = operation.Length;
        operation.Header.Ack = _receiver.ReceiveQueue.Window.Consumed;

        // Not all calls in progress: while the peer answers one part, this end sends the next.
        int together = Math.Min(LinkOutput.PublishedTogether, _calls.Count / PartsOfCalls);
        if (!output.TrySend(operation.Header, operation.Head, payload, _output.HoldsBack(together)))
        {
            _calls.Remove(id);
            return false;
        }

        NoteSent(operation.Header.Ack, operation.Length, operation.PayloadLength);
        operation.Number = Window.LastNumber;
        operation.At = LinkOperation.Stage.AwaitingAnswer;
        return true;
    }

    /// <summary>Begins an operation. Returns true if a thread must pump. Under the send lock.</summary>
    private bool Begin(LinkOperation operation, Completions completions)
    {
        switch (_limits.Check(operation))
        {
            case LinkOutcome.PeerGone:
                EndUnsent(operation, completions, isLate: true);
                return false;
            case LinkOutcome.Full:
                NoteWaiting(isSlow: true);
                LinkOutcome outcome = Queue.Add(operation, _link.Policy, completions);
                if (outcome != LinkOutcome.Sent)
                {
                    operation.Finish(outcome, _link, completions);
                }

                return _output.IsDeferred && _output.FlushNow();
            default:
                operation.Missed = operation.Header.Kind.IsData() ? MissedToReport(operation.Length) : 0;
                _output.CommitOperation(operation, completions);
                NoteMissedReported(operation.Missed);
                bool needsPump = _output.FlushSoon(mayWait: !operation.WantsAnswer);
                if (_link.Policy != OverflowPolicy.Wait && _output.Writing == operation && !operation.WantsAnswer)
                {
                    // Its sender does not wait, however long the message is.
                    _output.DetachLong();
                }

                _output.CompleteWriting(completions);
                return needsPump;
        }
    }

    /// <summary>Sends a data message without a head, if that works immediately. Returns false if nothing was done.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="me">The calling thread.</param>
    /// <param name="isHalfFull">Whether more than half of the window was used before.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TrySendPlain(ReadOnlySpan<byte> payload, int me, out bool isHalfFull)
    {
        // Released by hand: nothing here throws, and values used in a try block stay in memory instead of registers.
        BiasedLock.Scope sending = HoldPlain(me);
        bool isSent = false;
        isHalfFull = false;
        int count = Window.Outstanding;
        long bytes = Window.OutstandingBytes + payload.Length;
        if ((IsKnownPlain || (IsKnownPlain = _limits.IsPlain)) && Window.HasCreditAtOnce(payload.Length, count, bytes))
        {
            uint ack = _receiver.ReceiveQueue.Window.Consumed;
            if (_memoryOutput!.TrySendPlain(ack, payload))
            {
                NoteSent(ack, payload.Length, payload.Length);
                isSent = true;
                isHalfFull = Window.IsHalf(count, bytes);
            }
        }

        sending.Dispose();
        return isSent;
    }

    /// <summary>Counts a data message that <see cref="SendWindow.HasCreditAtOnce(int)"/> allowed. Under the send lock.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void NoteSent(uint ack, int length, int payloadLength)
    {
        _receiver.ReceiveQueue.Window.NoteWritten(ack);
        _receiver.EndStream();
        Window.AddAtOnce(length);
        if (_countsAlone)
        {
            // There is one link after the other, and each counts under its send lock.
            _counters.AddSentAlone(payloadLength);
        }
        else
        {
            _counters.AddSent(payloadLength);
        }
    }
}
