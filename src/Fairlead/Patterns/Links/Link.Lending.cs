using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>Messages that are written where the peer will read them.</content>
internal sealed partial class Link
{
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

        using (HoldSending())
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
        using (HoldSending())
        {
            header.Length = length;
            if (CanSend(length) != LinkOutcome.Sent || _queued.Missed > 0 || _memoryOutput is not { HoldsLoan: true } output)
            {
                return false;
            }

            Measure(ref header, 0, length);
            Count(ref header, length, null);
            output.CommitLoan(header);
            needsPump = FlushSoon();
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
        bool needsPump = false;
        using (Completions completions = Completions.Rent())
        using (HoldSending())
        {
            _memoryOutput?.EndLoan();
            if (IsBlocked && _state != LinkState.Down)
            {
                // Others may have waited for the ring to come round.
                Unblock();
                needsPump = FlushNow();
                CompleteWriting(completions);
                ServeQueued(completions);
            }
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }
    }
}
