using System.Globalization;

namespace Fairlead.Logs.Storage;

/// <summary>A place in the log that advances from record to record. One thread at a time.</summary>
internal sealed class LogCursor : IDisposable
{
    private readonly LogStore _store;
    private LogSegment _segment;
    private RecordPlace _place;

    // The previous segment after the last record was handed out; its memory stays until the next record is requested.
    private LogSegment? _left;

    /// <param name="store">The log; the caller owns it.</param>
    /// <param name="segment">The segment; this object takes ownership.</param>
    /// <param name="place">A place in the segment where a record begins or will begin.</param>
    public LogCursor(LogStore store, LogSegment segment, RecordPlace place)
    {
        _store = store;
        _segment = segment;
        _place = place;
        Next = segment.Base + place.Index;
    }

    /// <summary>The number of the next record.</summary>
    public long Next { get; private set; }

    /// <summary>The number of records that were removed for their age before the cursor reached them.</summary>
    public long Missed { get; private set; }

    /// <summary>The number of records that their appenders did not complete.</summary>
    public long Voided { get; private set; }

    /// <summary>The current place.</summary>
    public (LogSegment Segment, RecordPlace Place) At => (_segment, _place);

    /// <summary>Advances to the next record, skips incomplete ones of dead appenders, and stops before it.</summary>
    /// <param name="settle">
    /// Whether to check by a system call if the appender of a record in progress lives, and to skip the record if it does not.
    /// </param>
    /// <param name="word">The first word of the record.</param>
    /// <returns>Record, or the reason why there is none: Nothing or Busy.</returns>
    /// <exception cref="FairleadException">Corrupt: no appender wrote what comes next.</exception>
    public RecordView Look(bool settle, out RecordWord word)
    {
        _left?.Dispose();
        _left = null;
        while (true)
        {
            RecordView view = RecordCheck.Look(_segment, _place, Next, out word);
            switch (view)
            {
                case RecordView.Void:
                    Voided++;
                    Advance(word);
                    break;
                case RecordView.Busy when settle && !_store.Control.IsAlive(word.Appender):
                    // The appender may have published it after the check and before its death. Otherwise it never will be published.
                    if (_segment.ReadWord(_place.Offset) == word)
                    {
                        _segment.Void(_place.Offset, word);
                    }

                    break;
                case RecordView.End:
                    GoOn();
                    break;
                case RecordView.Damage:
                    throw _store.Damaged(_segment, _place, Next);
                default:
                    return view;
            }
        }
    }

    /// <summary>Takes the record that a check found, and advances past it.</summary>
    /// <returns>A lease, valid until the next check.</returns>
    public RecordLease Take(RecordWord word)
    {
        RecordLease record = new(_segment, _place.Offset + LogLayout.RecordHeader, word.Length, Next);
        Advance(word);
        return record;
    }

    /// <summary>
    /// Whether a record may have come, by a check without a system call. Any thread may read it while no thread moves the
    /// cursor.
    /// </summary>
    public bool HasNext
    {
        get
        {
            RecordState state = _segment.ReadWord(_place.Offset).State;
            return state is not (RecordState.Free or RecordState.Reserved);
        }
    }

    /// <summary>Whether the next record is in progress.</summary>
    public bool IsBusy => _segment.ReadWord(_place.Offset).State == RecordState.Reserved;

    public void Dispose()
    {
        _left?.Dispose();
        _segment.Dispose();
    }

    private void Advance(RecordWord word)
    {
        _place = _place.Behind(LogLayout.RecordSize(word.Length));
        Next++;
    }

    private void GoOn()
    {
        LogSegment next = _store.Next(_segment, Next, isWritable: false);

        // Not numbered yet: the process that was about to do it leaves that to others, and all know the number.
        long number = next.Base == 0 ? Next : next.Base;
        if (number != Next && (number < Next || next.Ordinal == _segment.Ordinal + 1))
        {
            long ordinal = next.Ordinal;
            next.Dispose();
            throw new FairleadException(
                ErrorCode.Corrupt,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{_store.Who} is damaged: {LogSegment.NameOf(_segment.Ordinal)} ends before record {Next}, "
                        + $"and {LogSegment.NameOf(ordinal)} begins with {number}"),
                number < Next
                    ? $"Another program has put {LogSegment.NameOf(ordinal)} there. Move it out of the folder."
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"A file was truncated or removed, and records are lost. To continue after them: ?from={number}"));
        }

        Missed += number - Next;
        Next = number;
        _left = _segment;
        _segment = next;
        _place = RecordPlace.First;
    }
}
