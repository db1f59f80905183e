using System.Runtime.CompilerServices;

namespace Fairlead.Logs.Storage;

/// <summary>What a look at a place in a segment finds.</summary>
internal enum RecordView
{
    /// <summary>Nothing has been appended there.</summary>
    Nothing,

    Record,

    /// <summary>A record that its appender did not finish.</summary>
    Void,

    /// <summary>A record that is being written.</summary>
    Busy,

    /// <summary>The segment's end.</summary>
    End,

    /// <summary>What no appender has written.</summary>
    Damage,
}

/// <summary>
/// Judges records. Nothing in a segment is believed: lengths are copied once and checked, numbers compared, bodies summed.
/// </summary>
internal static class RecordCheck
{
    /// <summary>Looks at a place.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="place">Need not lie in the segment.</param>
    /// <param name="sequence">The number that a record there must have.</param>
    /// <param name="word">Its first word, copied; its length has been checked where there is a record, void or busy or not.</param>
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
