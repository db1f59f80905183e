using System.Globalization;

namespace Fairlead.Logs.Storage;

/// <summary>A place in the log that moves from record to record. One thread at a time.</summary>
internal sealed class LogCursor : IDisposable
{
    private readonly LogStore _store;
    private LogSegment _segment;
    private RecordPlace _place;

    // What was left behind when the last record had been handed out; its memory stays until the next is asked for.
    private LogSegment? _left;

    /// <param name="store">Stays its owner's.</param>
    /// <param name="segment">Owned from now on.</param>
    /// <param name="place">A place in it at which a record begins, or will.</param>
    public LogCursor(LogStore store, LogSegment segment, RecordPlace place)
    {
        _store = store;
        _segment = segment;
        _place = place;
        Next = segment.Base + place.Index;
    }

    /// <summary>The number of the record that comes next.</summary>
    public long Next { get; private set; }

    /// <summary>Records that had been removed when it came to them, being old.</summary>
    public long Missed { get; private set; }

    /// <summary>Records that their appenders did not finish.</summary>
    public long Voided { get; private set; }

    /// <summary>Where it stands.</summary>
    public (LogSegment Segment, RecordPlace Place) At => (_segment, _place);

    /// <summary>Goes to the next record, passing over what its appender did not finish, and stops before it.</summary>
    /// <param name="settle">
    /// Whether to ask whether the appender of a record that is being written lives, which is a system call, and to go on where it does not.
    /// </param>
    /// <param name="word">The first word of the record.</param>
    /// <returns>Record, or why there is none: Nothing, Busy.</returns>
    /// <exception cref="FairleadException">Corrupt: what comes next was written by no appender.</exception>
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
                    Pass(word);
                    break;
                case RecordView.Busy when settle && !_store.Control.IsAlive(word.Appender):
                    // It may have been published after the look and before the death; what is not by now never will be.
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

    /// <summary>Takes the record that a look has found, and goes behind it.</summary>
    /// <returns>Good until the next look.</returns>
    public RecordLease Take(RecordWord word)
    {
        RecordLease record = new(_segment, _place.Offset + LogLayout.RecordHeader, word.Length, Next);
        Pass(word);
        return record;
    }

    /// <summary>
    /// Whether something may have come, as a look without a system call tells. By any thread while nobody moves the cursor.
    /// </summary>
    public bool HasNext
    {
        get
        {
            RecordState state = _segment.ReadWord(_place.Offset).State;
            return state is not (RecordState.Free or RecordState.Reserved);
        }
    }

    /// <summary>Whether somebody is writing what comes next.</summary>
    public bool IsBusy => _segment.ReadWord(_place.Offset).State == RecordState.Reserved;

    public void Dispose()
    {
        _left?.Dispose();
        _segment.Dispose();
    }

    private void Pass(RecordWord word)
    {
        _place = _place.Behind(LogLayout.RecordSize(word.Length));
        Next++;
    }

    private void GoOn()
    {
        LogSegment next = _store.Next(_segment, Next, isWritable: false);

        // Not numbered yet: who was about to do it leaves that to others, and all know the number.
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
                string.Create(
                    CultureInfo.InvariantCulture, $"Somebody has cut a file, and these are lost. To go on behind them: ?from={number}"));
        }

        Missed += number - Next;
        Next = number;
        _left = _segment;
        _segment = next;
        _place = RecordPlace.First;
    }
}
