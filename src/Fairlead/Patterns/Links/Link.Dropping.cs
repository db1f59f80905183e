using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>What is dropped for want of room, and how the peer hears of it: with the next message, with an acknowledgement when no next one
/// is in sight, and with the last word.</content>
internal sealed partial class Link
{
    private const int MissedBytes = MissedMessages.HeadBytes;

    private MissedMessages _missed;
    private long _unsent;

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
        using (HoldSending())
        {
            outcome = CanSend(letter.Head.Length + letter.Payload.Length);
            if (outcome == LinkOutcome.Sent)
            {
                MessageHeader header = letter.Header;
                long missed = MissedToTell(letter.Head.Length + letter.Payload.Length);
                Commit(ref header, letter.Head, letter.Payload, missed);
                NoteMissedTold(missed);
                needsPump = FlushSoon();
            }
            else
            {
                if (outcome == LinkOutcome.Full)
                {
                    outcome = _queued.Leave(letter, Policy, mayDrop, completions);
                    isLeft = outcome == LinkOutcome.Sent;
                }

                needsPump = IsDeferred && FlushNow();
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

    /// <summary>Whether a message of this length would go at once.</summary>
    public bool HasRoom(int length)
    {
        using (HoldSending())
        {
            return CanSend(length) != LinkOutcome.Full;
        }
    }

    /// <summary>A message was dropped before it came to the queue.</summary>
    public void CountMissed()
    {
        using (HoldSending())
        {
            _queued.AddMissed(1);
        }

        _endpoint.Drops.Count();
    }

    /// <summary>
    /// What the next message says of those missed before it; nothing where the number would make it longer than the peer takes: then a
    /// later one says it.
    /// </summary>
    private long MissedToTell(int length) => _queued.Missed == 0 || IsBare || !Takes(length + MissedBytes) ? 0 : _queued.Missed;

    /// <summary>The message that says it is on its way.</summary>
    private void NoteMissedTold(long missed)
    {
        if (missed > 0)
        {
            _missed.Told = 0;
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

        if (IsBare || !Takes(operation.Length + MissedBytes))
        {
            _queued.DeferMissed(operation.Missed);
            operation.Missed = 0;
        }
        else
        {
            _missed.Told = 0;
        }
    }

    /// <summary>
    /// Says what was missed behind the last message, when all are sent: nobody knows when the next one comes. Under <c>_sending</c>.
    /// </summary>
    private void TellMissed()
    {
        if (_queued.Count > 0
            || _queued.Missed == _missed.Told
            || IsBare
            || _state != LinkState.Up
            || _close.HasSaid
            || TakesNoMore
            || !Takes(MissedBytes))
        {
            return;
        }

        _missed.Told = _queued.Missed;
        MessageHeader header = MessageHeader.Of(MessageKind.Ack);
        Commit(ref header, default, default, _missed.Told);
        FlushNow();
    }
}
