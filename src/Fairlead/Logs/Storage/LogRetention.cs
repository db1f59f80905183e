using Fairlead.Native.Files;

namespace Fairlead.Logs.Storage;

/// <summary>The retention of whole segments, the oldest removed first. Applied while creating a segment, under the lock for that.</summary>
/// <param name="Size">The largest total size of all segments in bytes, the new one included; null: no limit.</param>
/// <param name="Age">The age up to which records are kept at least; null: no limit.</param>
/// <param name="Protection">The positions whose unread records are kept regardless.</param>
internal sealed record LogRetention(long? Size, TimeSpan? Age, LogProtection Protection)
{
    /// <summary>Removes expired segments.</summary>
    public void Apply(LogStore store, DateTimeOffset now)
    {
        if (Size is null && Age is null)
        {
            return;
        }

        IReadOnlyList<long> ordinals = LogFolder.Ordinals(store.Folder);
        long total = ordinals.Sum(ordinal => NativeFile.Lstat(store.PathOf(ordinal))?.Size ?? 0);
        long? needed = Protection == LogProtection.None ? null : Needed(store.Folder);
        for (int i = 0; i + 1 < ordinals.Count; i++)
        {
            using LogSegment? oldest = store.TryOpen(ordinals[i], isWritable: false);
            using LogSegment? next = store.TryOpen(ordinals[i + 1], isWritable: false);
            if (oldest is null || next is null || next.Base == 0 || next.Base > needed)
            {
                return;
            }

            // The segment that is being created counts.
            bool isTooMuch = total + next.Size > Size;
            bool isTooOld = Age is { } age && FirstTime(next) is { } time && now - time > age;
            if (!isTooMuch && !isTooOld)
            {
                return;
            }

            // The number of the next record must be on the disk somewhere: else the log would begin anew after a crash of the machine, and
            // those who have kept a number would miss records.
            if (!next.TrySyncHeader())
            {
                return;
            }

            _ = NativeFile.Unlink(oldest.Path);
            total -= oldest.Size;
        }
    }

    // All records of a segment are older than the first record of the next one.
    private static DateTimeOffset? FirstTime(LogSegment segment) =>
        RecordCheck.Look(segment, RecordPlace.First, segment.Base, out _) == RecordView.Record
            ? LogTime.ToTime(segment.At<long>(LogLayout.HeaderSize + LogLayout.TimeAt))
            : null;

    private long? Needed(string folder)
    {
        long? needed = null;
        foreach (var (_, next, isHeld, _) in LogPosition.All(folder))
        {
            if ((isHeld || Protection == LogProtection.AllPositions) && (needed is null || next < needed))
            {
                needed = next;
            }
        }

        return needed;
    }
}
