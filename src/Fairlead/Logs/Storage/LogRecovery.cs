using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.Logs.Storage;

/// <summary>
/// Repairs a log when the first process opens it: finds its end. If the machine has been running since the last repair, the end is known,
/// unless a program has truncated a file; readers void the remains of dead appenders where they meet them. After a crash of the machine,
/// the log ends before the first incomplete record after the sync mark.
/// </summary>
/// <remarks>It never guesses: it leaves what lies before the sync mark as it is, and readers get an error there.</remarks>
/// <param name="store">The log; no other process has it open.</param>
/// <param name="isSameBoot">Whether the machine has been running since the log was last repaired; null: unknown.</param>
internal sealed partial class LogRecovery(LogStore store, bool? isSameBoot)
{
    /// <param name="newSegment">The size of the first segment of an empty log; null: an empty log is an error.</param>
    public void Mend(long? newSegment)
    {
        foreach (string unfinished in LogFolder.Unfinished(store.Folder))
        {
            _ = NativeFile.Unlink(unfinished);
        }

        IReadOnlyList<long> ordinals = LogFolder.Ordinals(store.Folder);
        if (ordinals.Count == 0)
        {
            long size = newSegment ?? throw LogFolder.NotFound(store.Folder);
            _ = LogSegment.TryMake(store.PathOf(1), 1, size, baseNumber: 1);
            LogPosition.MoveBack(store.Folder, 1);
            return;
        }

        Dictionary<long, long> restored = RestoreHeaders(ordinals, newSegment ?? LogLayout.DefaultSegment);
        List<long> cut = Lengthen(ordinals);
        bool lacksNewest = LacksNewest(ordinals);
        if (isSameBoot == true && cut.Count == 0 && !lacksNewest)
        {
            return;
        }

        List<LogSegment> segments = [];
        try
        {
            foreach (long ordinal in ordinals)
            {
                segments.Add(store.TryOpen(ordinal, isWritable: true)!);
            }

            CloseRestored(segments, restored);
            if (isSameBoot == true)
            {
                MendCuts(segments, cut);
            }
            else
            {
                FindEnd(segments);
            }
        }
        finally
        {
            segments.ForEach(static segment => segment.Dispose());
        }

        GoOnAfterLoss(restored, lacksNewest);
    }

    // Truncated files get their length back, filled with zeroes, and can be mapped again.
    private List<long> Lengthen(IReadOnlyList<long> ordinals)
    {
        List<long> cut = [];
        foreach (long ordinal in ordinals)
        {
            string path = store.PathOf(ordinal);
            using Descriptor file = LogFile.TryOpen(path, $"the segment {path}")!;
            long size = LogSegment.Check(file, ordinal, $"the segment {PlainText.OneLine(path)}");
            if ((NativeFile.Fstat(file)?.Size ?? 0) < size)
            {
                RegionFile.Allocate(file, size, $"the segment {PlainText.OneLine(path)}");
                cut.Add(ordinal);
            }
        }

        return cut;
    }

    private void MendCuts(List<LogSegment> segments, List<long> cut)
    {
        int last = segments.FindLastIndex(static segment => segment.Base != 0);
        for (int i = 0; i <= last; i++)
        {
            LogSegment segment = segments[i];
            if (!cut.Contains(segment.Ordinal))
            {
                continue;
            }

            RecordPlace synced = segment.Synced;
            RecordPlace tail = segment.Tail;
            RecordPlace place = Walk(segment, RecordPlace.First, out bool hasEnd);
            if (hasEnd)
            {
                continue;
            }

            if (place.Offset < synced.Offset)
            {
                // Damage: it stays, and its readers get an error. The log goes on after it.
                place = synced.Offset == segment.Size ? tail : synced;
            }
            else
            {
                Clear(segment, place);
            }

            segment.SetTail(place);
            if (i < last)
            {
                // The number of the next segment shows what is missing.
                segment.WordAt(place.Offset) = RecordWord.End.Value;
            }
            else
            {
                LogPosition.MoveBack(store.Folder, segment.Base + place.Index);
            }
        }
    }

    private void FindEnd(List<LogSegment> segments)
    {
        int i = Math.Max(0, segments.FindLastIndex(static segment => segment.Synced.Offset > LogLayout.HeaderSize));
        while (true)
        {
            LogSegment segment = segments[i];
            bool isWhole = segment.Synced.Offset == segment.Size;
            bool hasEnd = isWhole;
            RecordPlace place = isWhole ? segment.Tail : Walk(segment, segment.Synced, out hasEnd);
            segment.SetTail(place);
            if (!hasEnd)
            {
                Clear(segment, place);
            }

            Require(NativeFile.SyncData(segment.File), segment);
            segment.RaiseSynced(hasEnd ? new RecordPlace(segment.Size, place.Index) : place);
            if (hasEnd && i + 1 < segments.Count)
            {
                LogSegment next = segments[++i];
                if (next.Base == 0)
                {
                    next.Base = segment.Base + place.Index;
                }

                continue;
            }

            // Ended without a next segment: that is created afterwards. Not ended: later segments lie after the truncation.
            for (int later = i + 1; later < segments.Count; later++)
            {
                _ = NativeFile.Unlink(segments[later].Path);
            }

            LogPosition.MoveBack(store.Folder, segment.Base + place.Index);
            Require(NativeFile.SyncData(segment.File), segment);
            Require(NativeFile.SyncDirectory(store.Folder), segment);
            return;
        }
    }

    /// <summary>
    /// Goes from record to record up to a missing or incomplete one. The log is exclusive: an appender in progress is dead.
    /// </summary>
    private RecordPlace Walk(LogSegment segment, RecordPlace place, out bool hasEnd)
    {
        while (true)
        {
            RecordView view = RecordCheck.Look(segment, place, segment.Base + place.Index, out RecordWord word);
            hasEnd = view == RecordView.End;
            if (view is not (RecordView.Record or RecordView.Void or RecordView.Busy))
            {
                return place;
            }

            RecordPlace next = place.Behind(LogLayout.RecordSize(word.Length));
            if (view == RecordView.Busy)
            {
                if (isSameBoot == false || (isSameBoot is null && !IsOfThisBoot(segment, next)))
                {
                    return place;
                }

                segment.WordAt(place.Offset) = word.As(RecordState.Void).Value;
            }

            if (segment.EntryOf(next) != segment.EntryOf(place))
            {
                segment.NoteInIndex(next);
            }

            place = next;
        }
    }

    // If it is unknown when the log was last repaired (its control file is gone), a complete record of this boot proves what lies before
    // it.
    private static bool IsOfThisBoot(LogSegment segment, RecordPlace place) =>
        place.Offset <= segment.Limit - LogLayout.RecordHeader
        && RecordCheck.Look(segment, place, segment.Base + place.Index, out _) == RecordView.Record
        && segment.At<ulong>(place.Offset + LogLayout.RecordBootAt) == BootIdentity.Short(BootIdentity.Current);

    // Zeroes from there on: anything else would be in the way of appenders.
    private static void Clear(LogSegment segment, RecordPlace place)
    {
        Require(NativeFile.SetLength(segment.File, place.Offset), segment);
        RegionFile.Allocate(segment.File, segment.Size, segment.Who);
        for (int entry = 0; entry < LogLayout.IndexEntries; entry++)
        {
            if (segment.ReadIndex(entry) is { } noted && noted.Offset > place.Offset)
            {
                segment.ClearIndex(entry);
            }
        }
    }

    private static void Require(Errno error, LogSegment segment)
    {
        if (error != Errno.None)
        {
            throw ErrnoMap.Failure($"cannot repair {segment.Who}", error);
        }
    }
}
