using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.Logs.Storage;

/// <summary>Writes appended records to disk, in order, and records that in the segments as the sync mark.</summary>
internal sealed class LogSynchronizer(LogStore store)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(16);

    private readonly RankedLock _gate = new(LockRank.LogSynchronizer);

    // All segments before this one are on disk.
    private long _from;

    // The latest segment whose directory entry is on disk.
    private long _named;

    /// <summary>Writes everything appended before the call to disk. One of several concurrent callers does it for all.</summary>
    /// <param name="end">The place to reach; null: the current end.</param>
    /// <param name="ordinal">The segment of that place.</param>
    /// <exception cref="FairleadException">Unavailable, Full: the disk reports an error. Corrupt: the log is damaged.</exception>
    public void Sync(long ordinal = long.MaxValue, RecordPlace? end = null)
    {
        using (_gate.Hold())
        {
            LogSegment? segment;
            long first = LogFolder.First(store.Folder);
            do
            {
                _from = Math.Max(_from, first);
                segment = FirstUnsynced(_from, ordinal);
                while (segment is not null && TrySync(segment, ordinal, end))
                {
                    _from = segment.Ordinal + 1;
                    segment = store.TryOpen(_from, isWritable: true);
                }

                // Another process may have removed this segment before it was opened here. Those behind it are still to be written.
                first = segment is null ? LogFolder.First(store.Folder) : 0;
            }
            while (first > _from);
            RequirePresent(ordinal == long.MaxValue ? Math.Max(1, _from) : ordinal);
        }
    }

    // A segment that retention has removed was written before. If another program has removed it, its records are on no disk.
    private void RequirePresent(long ordinal)
    {
        if (NativeFile.Lstat(store.PathOf(ordinal)) is null && LogFolder.First(store.Folder) <= ordinal)
        {
            throw new FairleadException(
                ErrorCode.Corrupt,
                $"{store.Who} is damaged: {LogSegment.NameOf(ordinal)} is missing",
                "A program has removed it while records were appended, and they are lost.");
        }
    }

    // Disposes the segment. True: it has ended, and the next one follows.
    private bool TrySync(LogSegment segment, long ordinal, RecordPlace? end)
    {
        using (segment)
        {
            bool isReached =
                end is { } goal && (segment.Ordinal > ordinal || (segment.Ordinal == ordinal && segment.Synced.Offset >= goal.Offset));
            if (segment.Base == 0 || isReached)
            {
                return false;
            }

            Sync(segment, out bool hasEnd);
            return hasEnd;
        }
    }

    private LogSegment? FirstUnsynced(long ordinal, long last)
    {
        LogSegment? segment = store.TryOpen(ordinal, isWritable: true);
        while (segment is not null && segment.Synced.Offset == segment.Size && ordinal < last)
        {
            segment.Dispose();
            _from = ++ordinal;
            segment = store.TryOpen(ordinal, isWritable: true);
        }

        return segment;
    }

    private void Sync(LogSegment segment, out bool hasEnd)
    {
        RecordPlace place = segment.Synced;
        hasEnd = place.Offset == segment.Size;
        if (hasEnd)
        {
            return;
        }

        // Only complete records may lie before the mark: wait for each record, unless its appender is dead.
        RecordPlace begun = place;
        RecordPlace goal = segment.Tail;
        var pause = TimeSpan.FromMilliseconds(1);
        while (true)
        {
            RecordView view = RecordCheck.Look(segment, place, segment.Base + place.Index, out RecordWord word);
            if (view == RecordView.Damage)
            {
                throw store.Damaged(segment, place, segment.Base + place.Index);
            }

            if (view == RecordView.Busy && place.Offset < goal.Offset)
            {
                if (!store.Control.IsAlive(word.Appender))
                {
                    _ = Interlocked.CompareExchange(ref segment.WordAt(place.Offset), word.As(RecordState.Void).Value, word.Value);
                }
                else if (!Thread.Yield())
                {
                    Task.Delay(pause, TimeProvider.System).Wait();
                    pause = pause < LongestPause ? pause * 2 : LongestPause;
                }

                continue;
            }

            // Records after the goal were begun after the call. It does not wait for them, or it might never end.
            hasEnd = view == RecordView.End;
            if (view is RecordView.Nothing or RecordView.End || place.Offset >= goal.Offset)
            {
                break;
            }

            place = place.Behind(LogLayout.RecordSize(word.Length));
        }

        if (place == begun && !hasEnd)
        {
            return;
        }

        Require(NativeFile.SyncData(segment.File), segment);
        if (hasEnd || segment.Ordinal > _named)
        {
            if (_named == 0)
            {
                // The log may be new. If this user may not read the parent directory, syncing that is up to its owner.
                _ = NativeFile.SyncDirectory(Path.GetDirectoryName(store.Folder)!);
            }

            // An ended segment proves that the next one existed, so the name of that one goes to disk before the end counts as written.
            Require(NativeFile.SyncDirectory(store.Folder), segment);
            _named = segment.Ordinal;
        }

        // The mark goes to disk after the data that it covers, and before any caller returns.
        segment.RaiseSynced(hasEnd ? new RecordPlace(segment.Size, place.Index) : place);
        Require(NativeFile.SyncData(segment.File), segment);
    }

    private static void Require(Errno error, LogSegment segment)
    {
        if (error != Errno.None)
        {
            throw ErrnoMap.Failure($"cannot write {segment.Who} to disk", error);
        }
    }
}
