using System.Buffers.Binary;
using Fairlead.Framing;

namespace Fairlead.Patterns.Links.Credit;

/// <summary>Reports of dropped messages from one side to the other.</summary>
/// <remarks>
/// A message reports the drops before it. If no next message is in sight, a separate report covers the drops behind the last one. The pump
/// owns the received counts. A part of the receiving side of a link, and never copied.
/// </remarks>
internal struct MissedMessages
{
    /// <summary>The bytes that the count occupies in a head.</summary>
    public const int HeadBytes = 3 + 8;

    /// <summary>The highest valid count. No side drops more, and sums of such counts do not overflow.</summary>
    public const long Most = 1L << 52;

    private long _heard;
    private bool _isOfConnectionBefore;

    /// <summary>The drops behind the last message that were reported, and that the next message repeats.</summary>
    public readonly long HeardBehind => _heard;

    /// <summary>Lets the first message repeat what was reported behind the last one of the connection before.</summary>
    /// <remarks>If it does not, the sender is another one, and repeats nothing.</remarks>
    public void ExpectRepeated(long heardBehind) => (_heard, _isOfConnectionBefore) = (heardBehind, heardBehind > 0);

    /// <summary>Writes a head, and the count behind it if there is one.</summary>
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

    /// <summary>Handles a message's report of the drops before it. Returns how many of them are new.</summary>
    public long HearBefore(ReadOnlySpan<byte> head)
    {
        if (!HeadReader.TryGet(head, HeadField.Missed, out ulong missed))
        {
            _heard = _isOfConnectionBefore ? 0 : _heard;
            _isOfConnectionBefore = false;
            return 0;
        }

        long news = Math.Max(0, Judged(missed) - _heard);
        (_heard, _isOfConnectionBefore) = (0, false);
        return news;
    }

    /// <summary>Handles a report of drops behind the last message, which the next one repeats. Returns how many are new.</summary>
    public long HearBehind(ReadOnlySpan<byte> head)
    {
        if (head.Length == 0 || !HeadReader.TryGet(head, HeadField.Missed, out ulong missed))
        {
            return 0;
        }

        long all = Judged(missed);
        long news = Math.Max(0, all - _heard);
        (_heard, _isOfConnectionBefore) = (all, false);
        return news;
    }

    private static long Judged(ulong missed) =>
        missed <= Most
            ? (long)missed
            : throw new FairleadException(ErrorCode.Corrupt, $"the peer reports {missed} dropped messages, which is impossible");
}
