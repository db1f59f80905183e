using System.Runtime.CompilerServices;

namespace Fairlead.Logs.Storage;

/// <summary>The outcome of checking a place in a segment.</summary>
internal enum RecordView
{
    /// <summary>Nothing has been appended there.</summary>
    Nothing,

    Record,

    /// <summary>A record that its appender did not complete.</summary>
    Void,

    /// <summary>A record in progress.</summary>
    Busy,

    /// <summary>The end of the segment.</summary>
    End,

    /// <summary>Content that no appender wrote.</summary>
    Damage,
}

/// <summary>
/// Validates records. It trusts nothing in a segment: it copies lengths once and checks them, compares numbers, and computes checksums.
/// </summary>
internal static class RecordCheck
{
    /// <summary>Checks a place.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="place">The place, which need not lie in the segment.</param>
    /// <param name="sequence">The number that a record there must have.</param>
    /// <param name="word">A copy of its first word; for a record, void or busy or not, its length has been checked.</param>
    public static RecordView Look(LogSegment segment, RecordPlace place, long sequence, out RecordWord word)
    {
        if (!segment.Holds(place))
        {
            word = default;
            return RecordView.Damage;
        }

        word = segment.ReadWord(place.Offset);
        switch (word.State)
        {
            case RecordState.Free when word.Value == 0:
                return place.Offset < segment.SyncedAsItStands.Offset ? RecordView.Damage : RecordView.Nothing;
            case RecordState.End when word == RecordWord.End:
                return RecordView.End;
            case RecordState.Published
            or RecordState.Reserved
            or RecordState.Void when place.Offset + LogLayout.RecordSize(word.Length) <= segment.Limit:
                return word.State == RecordState.Reserved ? RecordView.Busy
                    : word.State == RecordState.Void ? RecordView.Void
                    : IsWhole(segment, place.Offset, sequence, word.Length) ? RecordView.Record
                    : RecordView.Damage;
            default:
                return RecordView.Damage;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsWhole(LogSegment segment, long offset, long sequence, int length)
    {
        Span<byte> record = segment.Bytes(offset, LogLayout.RecordHeader + length);
        return segment.At<long>(offset + LogLayout.SequenceAt) == sequence
            && segment.At<uint>(offset + LogLayout.ChecksumAt)
                == RecordChecksum.Of(record[LogLayout.SequenceAt..LogLayout.RecordHeader], record[LogLayout.RecordHeader..]);
    }
}
