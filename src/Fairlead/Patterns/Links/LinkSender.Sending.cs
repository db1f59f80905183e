using System.Buffers;
using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <content>Messages that go now, or begin to wait.</content>
internal sealed partial class LinkSender
{
    /// <summary>Sends a data message if there is credit and nobody waits before it. Does not block.</summary>
    /// <param name="header">Of the message; its lengths, its id and what it acknowledges are set here.</param>
    /// <param name="head">Stands before the payload.</param>
    /// <param name="payload">Copied.</param>
    /// <param name="call">That waits for the answer.</param>
    /// <param name="isStream">Whether more is known to follow at once.</param>
    public LinkOutcome TrySend(
        MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, LinkOperation? call = null, bool isStream = false)
    {
        LinkOutcome outcome;
        bool needsPump;
        using (Hold())
        {
            outcome = CanSend(head.Length + payload.Length);
            if (outcome == LinkOutcome.Sent)
            {
                long missed = MissedToTell(head.Length + payload.Length);
                _output.Commit(ref header, head, payload, missed, call);
                NoteMissedTold(missed);
                if (call is not null)
                {
                    call.At = LinkOperation.Stage.AwaitingAnswer;
                }
            }

            // A full window is one to be written out, whatever the batch says.
            needsPump = outcome == LinkOutcome.Sent
                ? _output.FlushSoon(mayWait: call is null, isStream)
                : _output.IsDeferred && _output.FlushNow();
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }

        return outcome;
    }

    /// <summary>Sends a data message if there is credit and nobody waits before it. Does not block.</summary>
    public LinkOutcome TrySend(MessageHeader header, ReadOnlySpan<byte> head, in ReadOnlySequence<byte> parts)
    {
        int length = head.Length + (int)parts.Length;
        LinkOutcome outcome;
        bool needsPump;
        using (Hold())
        {
            outcome = CanSend(length);
            if (outcome == LinkOutcome.Sent)
            {
                long missed = MissedToTell(length);
                _output.CommitParts(ref header, head, parts, missed);
                NoteMissedTold(missed);
            }

            needsPump = outcome == LinkOutcome.Sent ? _output.FlushSoon() : _output.IsDeferred && _output.FlushNow();
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }

        return outcome;
    }

    /// <summary>
    /// Sends a data message if that goes at once; otherwise leaves a copy in this end's own queue, by the policy. Never waits. Unless
    /// something may be dropped for it, it is refused as Full where there is no room.
    /// </summary>
    public LinkOutcome Post(in Letter letter, bool mayDrop)
    {
        LinkOutcome outcome;
        bool needsPump;
        bool isLeft = false;
        using (Completions completions = Completions.Rent())
        using (Hold())
        {
            outcome = CanSend(letter.Head.Length + letter.Payload.Length);
            if (outcome == LinkOutcome.Sent)
            {
                MessageHeader header = letter.Header;
                long missed = MissedToTell(letter.Head.Length + letter.Payload.Length);
                _output.Commit(ref header, letter.Head, letter.Payload, missed);
                NoteMissedTold(missed);
                needsPump = _output.FlushSoon();
            }
            else
            {
                if (outcome == LinkOutcome.Full)
                {
                    outcome = _queued.Leave(letter, _link.Policy, mayDrop, completions);
                    isLeft = outcome == LinkOutcome.Sent;
                }

                needsPump = _output.IsDeferred && _output.FlushNow();
            }
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }
        else if (isLeft)
        {
            // Somebody must read the acknowledgements that let it go on.
            _endpoint.Pump.ArmForWaiters();
        }

        return outcome;
    }

    /// <summary>
    /// Memory for a message, in the connection's own. Only where it could be sent at once; what is sent before it is committed goes before
    /// it.
    /// </summary>
    public bool TryLoan(int length, out Memory<byte> memory)
    {
        memory = default;
        if (_memoryOutput is not { } output || !Takes(length))
        {
            return false;
        }

        using (Hold())
        {
            return CanSend(length) == LinkOutcome.Sent && _queued.Missed == 0 && output.TryLoan(length, out memory);
        }
    }

    /// <summary>
    /// Sends what was written into the loan, and ends it; false when that does not go as it lies there: the caller sends it like any other
    /// memory, and ends the loan then.
    /// </summary>
    public bool TrySendLoan(MessageHeader header, int length)
    {
        bool needsPump;
        using (Hold())
        {
            header.Length = length;
            if (CanSend(length) != LinkOutcome.Sent || _queued.Missed > 0 || _memoryOutput is not { HoldsLoan: true } output)
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

    /// <summary>Its borrower is through with it.</summary>
    public void EndLoan()
    {
        bool needsPump;
        using (Completions completions = Completions.Rent())
        using (Hold())
        {
            _memoryOutput?.EndLoan();

            // Others may have waited for the ring to come round.
            needsPump = _output.IsBlocked && _link.State != LinkState.Down && GoOn(completions);
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }
    }

    /// <summary>
    /// Sends, waiting for credit and, where the payload is long, until it has been written out of the caller's memory. The operation is
    /// completed when that is done or, for a call, when the answer is in.
    /// </summary>
    public void Start(LinkOperation operation)
    {
        bool needsPump;
        using (Completions completions = Completions.Rent())
        using (Hold())
        {
            // Withdrawn before it began: then it is not sent, and nothing here may hold on to it.
            needsPump = !operation.IsClaimed && Begin(operation, completions);
        }

        if (HasMoving)
        {
            _endpoint.Placement.Move(_link);
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }
        else if (!operation.IsBlocking && !operation.IsClaimed)
        {
            _endpoint.Pump.ArmForWaiters();
        }
    }

    /// <summary>Under the send lock. True when somebody must pump.</summary>
    private bool Begin(LinkOperation operation, Completions completions)
    {
        switch (!HasPlaceFor(operation) && CanControl == LinkOutcome.Sent ? LinkOutcome.Full
            : operation.Header.Kind.IsData() ? CanSend(operation.Length)
            : CanControl)
        {
            case LinkOutcome.PeerGone:
                EndUnsent(operation, completions, isLate: true);
                return false;
            case LinkOutcome.Full:
                NoteSlow();
                LinkOutcome outcome = _queued.Add(operation, _link.Policy, completions);
                if (outcome != LinkOutcome.Sent)
                {
                    operation.Finish(outcome, _link, completions);
                }

                return _output.IsDeferred && _output.FlushNow();
            default:
                operation.Missed = operation.Header.Kind.IsData() ? MissedToTell(operation.Length) : 0;
                _output.CommitOperation(operation, completions);
                NoteMissedTold(operation.Missed);
                bool needsPump = _output.FlushSoon(mayWait: !operation.WantsAnswer);
                if (_link.Policy != OverflowPolicy.Wait && _output.Writing == operation && !operation.WantsAnswer)
                {
                    // Its sender waits for nobody, however long the message is.
                    _output.DetachLong();
                }

                _output.CompleteWriting(completions);
                return needsPump;
        }
    }

    /// <summary>
    /// Sends a plain message, if that goes at once. Unless it says <see cref="PlainSending.NotSent"/>, it is with the peer.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PlainSending TrySendPlain(ReadOnlySpan<byte> payload, int me)
    {
        // Left by hand: nothing in here throws, and what stands in a try block is kept in memory instead of in registers.
        BiasedLock.Scope sending = _sending.Hold(me);
        PlainSending outcome = PlainSending.NotSent;
        int count = _window.Outstanding;
        long bytes = _window.OutstandingBytes + payload.Length;
        if ((_isKnownPlain || (_isKnownPlain = IsPlain)) && _window.HasCreditAtOnce(payload.Length, count, bytes))
        {
            uint ack = _receiver.Inbound.Window.Consumed;
            if (_memoryOutput!.TrySendPlain(ack, payload))
            {
                NoteSent(ack, payload.Length, payload.Length);
                outcome = _window.IsHalf(count, bytes) ? PlainSending.HalfFull : PlainSending.Sent;
            }
        }

        sending.Dispose();
        return outcome;
    }

    /// <summary>Whether what is sent now goes at once, as far as credit and room allow. Under the send lock.</summary>
    public bool IsPlain =>
        _link.State == LinkState.Up
        && _link.Close.IsOpen
        && !(_output.TakesNoMore | _link.IsBare)
        && _queued.Count == 0
        && _queued.Missed == 0
        && _link.Place.Seat is null;

    /// <summary>Whether a message of this length is within the credit, and is counted without growing. Under the send lock.</summary>
    public bool HasCreditAtOnce(int length) => _window.HasCreditAtOnce(length, _window.Outstanding, _window.OutstandingBytes + length);

    /// <summary>Behind the sending of a data message that <see cref="HasCreditAtOnce"/> let pass. Under the send lock.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void NoteSent(uint ack, int length, int payloadLength)
    {
        _receiver.Inbound.Window.NoteWritten(ack);
        _link.Reader.EndStream();
        _window.AddAtOnce(length);
        if (_countsAlone)
        {
            // One link after the other, and each counts under its send lock.
            _counters.AddSentAlone(payloadLength);
        }
        else
        {
            _counters.AddSent(payloadLength);
        }
    }
}

/// <summary>What became of <see cref="LinkSender.TrySendPlain"/>.</summary>
internal enum PlainSending
{
    /// <summary>Nothing was done.</summary>
    NotSent,

    /// <summary>It is with the peer.</summary>
    Sent,

    /// <summary>It is, and more than half of the window is used.</summary>
    HalfFull,
}
