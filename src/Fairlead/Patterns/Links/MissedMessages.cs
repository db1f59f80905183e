using System.Buffers.Binary;
using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <summary>
/// What one side tells the other of the messages that it dropped: with the next message those before it, and, when no next one is in sight,
/// those behind the last.
/// </summary>
/// <remarks>What was heard is the pump's. A part of what a link receives, and never copied.</remarks>
internal struct MissedMessages
{
    /// <summary>What the count takes in a head.</summary>
    public const int HeadBytes = 3 + 8;

    /// <summary>Nobody drops more than this, and sums of such numbers are still numbers.</summary>
    public const long Most = 1L << 52;

    private long _heard;

    /// <summary>A head, and behind it the count where there is something to tell.</summary>
    public static void WriteHead(ReadOnlySpan<byte> head, long missed, Span<byte> destination)
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

    /// <summary>The peer tells with a message what it dropped before it: how many of these are new.</summary>
    public long HearBefore(ReadOnlySpan<byte> head)
    {
        if (!HeadReader.TryGet(head, HeadField.Missed, out ulong missed))
        {
            return 0;
        }

        long news = Math.Max(0, Judged(missed) - _heard);
        _heard = 0;
        return news;
    }

    /// <summary>
    /// The peer tells what it has dropped behind its last message, and will tell again with the next: how many of these are new.
    /// </summary>
    public long HearBehind(ReadOnlySpan<byte> head)
    {
        if (head.Length == 0 || !HeadReader.TryGet(head, HeadField.Missed, out ulong missed))
        {
            return 0;
        }

        long all = Judged(missed);
        long news = Math.Max(0, all - _heard);
        _heard = all;
        return news;
    }

    private static long Judged(ulong missed) =>
        missed <= Most
            ? (long)missed
            : throw new FairleadException(ErrorCode.Corrupt, $"the peer says that {missed} messages were dropped, which cannot be");
}
