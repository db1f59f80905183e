using System.Buffers.Binary;
using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>What is dropped for want of room, and how the peer hears of it: with the next message, with an acknowledgement when no next one is in sight, and with the last word.</content>
internal sealed partial class Link
{
    /// <summary>What the count of missed messages takes in a head.</summary>
    private const int MissedBytes = 3 + 8;

    /// <summary>Nobody drops more than this, and sums of such numbers are still numbers.</summary>
    public const long MostMissed = 1L << 52;

    private long _missedTold;
    private long _missedHeard;
    private long _unsent;

    /// <summary>
    /// Sends a data message if that goes at once; otherwise leaves a copy in this end's own queue, by the policy. Never waits. Unless something may be dropped for it, it is
    /// refused as Full where there is no room.
    /// </summary>
    public LinkOutcome Post(in Letter letter, bool mayDrop)
    {
        LinkOutcome outcome;
        bool needsPump;
        bool isLeft = false;
        Completions completions = Completions.Rent();
        using (HoldSending())
        {
            outcome = CanSend(letter.Head.Length + letter.Payload.Length);
            if (outcome == LinkOutcome.Sent)
            {
                MessageHeader header = letter.Header;
                Commit(ref header, letter.Head, letter.Payload, null, _queued.Missed == 0 ? 0 : TakeMissed(letter.Head.Length + letter.Payload.Length));
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

        completions.Run(inline: false);
        if (needsPump)
        {
            _endpoint.RequestPump();
        }
        else if (isLeft)
        {
            // Somebody must read the acknowledgements that let it go on.
            _endpoint.ArmForWaiters();
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

        _endpoint.CountDropped();
    }

    private static void WriteHead(ReadOnlySpan<byte> head, long missed, Span<byte> destination)
    {
        head.CopyTo(destination);
        if (missed > 0)
        {
            Span<byte> field = destination[head.Length..];
            field[0] = (byte)HeadField.Missed;
            BinaryPrimitives.WriteUInt16BigEndian(field[1..], 8);
            BinaryPrimitives.WriteUInt64BigEndian(field[3..], (ulong)missed);
        }
    }

    /// <summary>What the next message says of those missed before it; nothing where the number would make it longer than the peer takes: then a later one says it.</summary>
    private long TakeMissed(int length)
    {
        if (IsBare || !Takes(length + MissedBytes))
        {
            return 0;
        }

        _missedTold = 0;
        return _queued.TakeMissed();
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
            _missedTold = 0;
        }
    }

    /// <summary>Says what was missed behind the last message, when all are sent: nobody knows when the next one comes. Under <c>_sending</c>.</summary>
    private void TellMissed()
    {
        if (_queued.Count > 0 || _queued.Missed == _missedTold || IsBare || _state != LinkState.Up || _close.HasSaid || TakesNoMore || !Takes(MissedBytes))
        {
            return;
        }

        _missedTold = _queued.Missed;
        MessageHeader header = MessageHeader.Of(MessageKind.Ack);
        Commit(ref header, default, default, null, _missedTold);
        FlushNow();
    }

    /// <summary>The peer tells with a message what it dropped before it. By the pump.</summary>
    private void NoteMissedBefore(ReadOnlySpan<byte> head)
    {
        if (HeadReader.TryGet(head, HeadField.Missed, out ulong missed))
        {
            _endpoint.Counters.AddMissed(Math.Max(0, Judged(missed) - _missedHeard));
            _missedHeard = 0;
        }
    }

    private static long Judged(ulong missed) =>
        missed <= MostMissed ? (long)missed : throw new FairleadException(ErrorCode.Corrupt, $"the peer says that {missed} messages were dropped, which cannot be");

    /// <summary>The peer tells what it has dropped behind its last message. The next message, where there is one, tells it again. By the pump.</summary>
    private void NoteMissedBehind(ReadOnlySpan<byte> head)
    {
        if (head.Length > 0 && HeadReader.TryGet(head, HeadField.Missed, out ulong missed))
        {
            long all = Judged(missed);
            _endpoint.Counters.AddMissed(Math.Max(0, all - _missedHeard));
            _missedHeard = all;
        }
    }
}
