using Fairlead.Native;

namespace Fairlead.Logs.Storage;

/// <summary>What need not be kept: whole segments, the oldest first. Applied by who makes a segment, under the lock for it.</summary>
/// <param name="Size">Bytes that all segments together may have, the coming one included; null: any.</param>
/// <param name="Age">How old a record must be kept at least; older ones may go. Null: kept.</param>
/// <param name="Protection">Whose unread records are kept all the same.</param>
internal sealed record LogRetention(long? Size, TimeSpan? Age, LogProtection Protection)
{
    /// <summary>Removes them.</summary>
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

            // The one that is being made counts.
            bool isTooMuch = total + next.Size > Size;
            bool isTooOld = Age is { } age && FirstTime(next) is { } time && now - time > age;
            if (!isTooMuch && !isTooOld)
            {
                return;
            }

            _ = NativeFile.Unlink(oldest.Path);
            total -= oldest.Size;
        }
    }

    // All that a segment holds is older than the first record of the next one.
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
