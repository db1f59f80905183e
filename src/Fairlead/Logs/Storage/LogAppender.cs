using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Fairlead.Logs.Storage;

/// <summary>
/// Appends records, together with the appenders of other processes and without waiting for them. One thread of this process at a time.
/// </summary>
/// <remarks>
/// A compare-and-swap of the first word at the tail, from zero, claims the place. An appender that finds it taken advances the tail past it
/// and tries there. A death between any two instructions therefore leaves nothing, or a record of known length and owner, which others
/// skip. docs/design/mapped-log.md and models/log.pml show how a record is completed and why no follower sleeps through it.
/// </remarks>
internal sealed class LogAppender(LogStore store, TimeProvider time) : IDisposable
{
    private readonly ulong _boot = BootIdentity.Short(BootIdentity.Current);
    private readonly LogPreparer _preparer = new(store);
    private LogSegment? _segment;
    private long _base;
    private long _taken;
    private long _prepared;
    private ulong _participant;

    /// <summary>The segment of the last record.</summary>
    public LogSegment? Segment => _segment;

    /// <summary>Appends a record and returns its number.</summary>
    /// <param name="body">The content, which is copied.</param>
    /// <param name="end">The place after the record.</param>
    /// <exception cref="FairleadException">
    /// TooLarge: no segment holds it. Full: no space for the next segment. Corrupt: the log is damaged.
    /// </exception>
    public long Append(ReadOnlySpan<byte> body, out RecordPlace end)
    {
        long sequence;
        while (!TryAppend(body, out sequence, out end))
        {
            store.MakeNext(_segment!);
        }

        return sequence;
    }

    /// <summary>Same as <see cref="Append"/>; false, with nothing appended, while another process creates the next segment.</summary>
    public bool TryAppend(ReadOnlySpan<byte> body, out long sequence, out RecordPlace end)
    {
        sequence = 0;
        end = default;
        LogSegment segment = _segment ?? Open();
        long size = LogLayout.RecordSize(body.Length);
        if (body.Length > LogLayout.LongestBody(segment.Size))
        {
            throw TooLong(body.Length, segment.Size);
        }

        while (true)
        {
            segment = _segment!;
            RecordPlace place = segment.Tail;
            if (place.Offset + size > segment.Limit)
            {
                if (!TryEndSegment(segment, place))
                {
                    return false;
                }

                continue;
            }

            if (place.Offset + size > _prepared)
            {
                Prepare(segment, place.Offset, size);
            }

            RecordWord mine = new(RecordState.Reserved, store.Control.Appender, body.Length);
            ulong found = Interlocked.CompareExchange(ref segment.WordAt(place.Offset), mine.Value, 0);
            if (found != 0)
            {
                Skip(segment, place, new RecordWord(found));
                continue;
            }

            end = place.Behind(size);
            segment.MoveTail(place, end);
            if (segment.EntryOf(end) != segment.EntryOf(place))
            {
                segment.NoteInIndex(end);
            }

            // Ring before the record is complete, not only after. A sleeper wakes while the record is written, sees it in progress, and
            // from then on checks whether its appender lives. So no follower sleeps on a record whose appender died between publishing it
            // and the wake-up.
            store.Control.Ring();
            sequence = _base + place.Index;
            Fill(segment, place.Offset, sequence, body);

            // Release: a reader that sees the word (RecordCheck.Look) sees the record. A compare-and-swap, not a store, because another
            // process may have declared this appender dead.
            if (Interlocked.CompareExchange(ref segment.WordAt(place.Offset), mine.As(RecordState.Published).Value, mine.Value)
                == mine.Value)
            {
                store.Control.Ring();
                return true;
            }
        }
    }

    /// <summary>
    /// Creates the next segment if a record of this length does not fit into this one; false while another process creates it.
    /// </summary>
    /// <exception cref="FairleadException">TooLarge, Full: nothing has changed.</exception>
    public bool TryMakeRoom(int length)
    {
        LogSegment segment = _segment ?? Open();
        if (length > LogLayout.LongestBody(segment.Size))
        {
            throw TooLong(length, segment.Size);
        }

        return segment.Tail.Offset + LogLayout.RecordSize(length) <= segment.Limit || store.TryMakeNext(segment);
    }

    public void Dispose()
    {
        _preparer.Dispose();
        _segment?.Dispose();
    }

    private void Fill(LogSegment segment, long offset, long sequence, ReadOnlySpan<byte> body)
    {
        segment.At<long>(offset + LogLayout.SequenceAt) = sequence;
        segment.At<long>(offset + LogLayout.TimeAt) = LogTime.From(time.GetUtcNow());
        segment.At<ulong>(offset + LogLayout.AppenderAt) = _participant;
        segment.At<ulong>(offset + LogLayout.RecordBootAt) = _boot;
        body.CopyTo(segment.Bytes(offset + LogLayout.RecordHeader, body.Length));

        // Over the intended content, not over what the mapping holds now: other programs may write to it.
        segment.At<uint>(offset + LogLayout.ChecksumAt) = RecordChecksum.Of(
            segment.Bytes(offset + LogLayout.SequenceAt, LogLayout.RecordHeader - LogLayout.SequenceAt), body);
    }

    // Another appender has the place. Every appender that sees that advances the tail: the owner may be dead.
    private void Skip(LogSegment segment, RecordPlace place, RecordWord word)
    {
        if (word == RecordWord.End)
        {
            Take(Next(segment, _base + place.Index));
            return;
        }

        long size = LogLayout.RecordSize(word.Length);
        if (word.State is not (RecordState.Reserved or RecordState.Published or RecordState.Void) || place.Offset + size > segment.Limit)
        {
            throw store.Damaged(segment, place, _base + place.Index);
        }

        segment.MoveTail(place, place.Behind(size));
    }

    // The next segment is created before this one is ended: a full disk changes nothing.
    private bool TryEndSegment(LogSegment segment, RecordPlace place)
    {
        if (!store.TryMakeNext(segment))
        {
            return false;
        }

        ulong found = Interlocked.CompareExchange(ref segment.WordAt(place.Offset), RecordWord.End.Value, 0);
        if (found != 0)
        {
            Skip(segment, place, new RecordWord(found));
            return true;
        }

        store.Control.Ring();
        Take(Next(segment, _base + place.Index));
        return true;
    }

    // A page fault for each page would cost four times as much as many pages in one step. For a busy appender another thread does it.
    private void Prepare(LogSegment segment, long offset, long size)
    {
        long from = Math.Max(_prepared, offset & -Environment.SystemPageSize);
        _taken += LogPreparer.Step;
        if (_taken > 4 * LogPreparer.Step)
        {
            _preparer.Tell(segment, offset);
            if (_preparer.Prepared >= offset + size)
            {
                // Checked and reported again one step later.
                _prepared = Math.Min(_preparer.Prepared, from + LogPreparer.Step);
                return;
            }
        }

        long length = Math.Max(LogPreparer.Step, (offset + size - from + Environment.SystemPageSize - 1) & -Environment.SystemPageSize);
        segment.PreparePages(from, length);
        _prepared = from + length;
    }

    private LogSegment Next(LogSegment segment, long number)
    {
        if (_preparer.TakeNext(segment.Ordinal + 1) is not { } next)
        {
            return store.Next(segment, number, isWritable: true);
        }

        if (next.Base == 0)
        {
            next.Base = number;
        }

        return next;
    }

    private LogSegment Open()
    {
        _participant = store.Participant;
        _ = store.Control.Appender;
        Take(store.OpenLast(isWritable: true, out _base));
        return _segment;
    }

    [MemberNotNull(nameof(_segment))]
    private void Take(LogSegment segment)
    {
        _base = segment.Base;
        _prepared = 0;
        LogSegment? left = _segment;
        _segment = segment;
        if (left is not null)
        {
            _preparer.Discard(left);
        }
    }

    private FairleadException TooLong(int length, long segmentSize) =>
        new(
            ErrorCode.TooLarge,
            string.Create(
                CultureInfo.InvariantCulture,
                $"a record of {length} bytes does not fit into a segment of {store.Who}, which takes {LogLayout.LongestBody(segmentSize)}"),
            "Split it, or create the log with larger segments (?segment=1GiB).");
}
