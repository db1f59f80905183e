namespace Fairlead.Logs.Storage;

/// <summary>
/// Finds where to begin reading: by the first numbers of the segments, then by the index of the segment, then record by record.
/// </summary>
internal static class LogSeek
{
    /// <summary>Returns a cursor before the first record with this number or a higher one; at the end if there is none yet.</summary>
    public static LogCursor Sequence(LogStore store, long sequence)
    {
        LogCursor cursor = In(store, LogSegmentOf(store, segment => segment.Base <= sequence), place => place.Number <= sequence);
        return Forward(cursor, sequence, DateTimeOffset.MinValue);
    }

    /// <summary>Returns a cursor before the first record with this time or a later one.</summary>
    public static LogCursor Time(LogStore store, DateTimeOffset time)
    {
        long nanoseconds = LogTime.From(time);
        LogCursor cursor = In(
            store,
            LogSegmentOf(
                store,
                segment =>
                    RecordCheck.Look(segment, RecordPlace.First, segment.Base, out _) != RecordView.Record
                    || segment.At<long>(LogLayout.HeaderSize + LogLayout.TimeAt) < nanoseconds),
            place => place.Time < nanoseconds);
        return Forward(cursor, 0, time);
    }

    /// <summary>Returns a cursor after everything appended until now.</summary>
    public static LogCursor End(LogStore store)
    {
        LogSegment last = store.OpenLast(isWritable: false, out long number);
        RecordPlace place = last.Tail;
        while (RecordCheck.Look(last, place, number + place.Index, out RecordWord word)
            is RecordView.Record
                or RecordView.Void
                or RecordView.Busy)
        {
            place = place.Behind(LogLayout.RecordSize(word.Length));
        }

        return new LogCursor(store, last, place);
    }

    /// <summary>Returns a cursor before the oldest record.</summary>
    public static LogCursor Start(LogStore store) => new(store, store.OpenFirst(), RecordPlace.First);

    // The last segment for which the predicate holds, or the first segment.
    private static LogSegment LogSegmentOf(LogStore store, Predicate<LogSegment> isBefore)
    {
        while (true)
        {
            IReadOnlyList<long> ordinals = LogFolder.Ordinals(store.Folder);
            int low = 0;
            int high = ordinals.Count - 1;
            bool isGone = high < 0;
            while (low < high && !isGone)
            {
                int middle = (low + high + 1) / 2;
                using LogSegment? segment = store.TryOpen(ordinals[middle], isWritable: false);
                isGone = segment is null;
                if (segment is { Base: not 0 } && isBefore(segment))
                {
                    low = middle;
                }
                else
                {
                    high = middle - 1;
                }
            }

            if (!isGone && store.TryOpen(ordinals[low], isWritable: false) is { } found)
            {
                return found;
            }

            // Old segments have been removed meanwhile: try again.
            if (ordinals.Count == 0)
            {
                return store.OpenFirst();
            }
        }
    }

    // Begins at the highest index entry that leads to a record before the goal.
    private static LogCursor In(LogStore store, LogSegment segment, Predicate<(long Number, long Time)> isBefore)
    {
        for (int entry = LogLayout.IndexEntries - 1; entry > 0; entry--)
        {
            if (segment.ReadIndex(entry) is { } place
                && RecordCheck.Look(segment, place, segment.Base + place.Index, out _) == RecordView.Record
                && isBefore((segment.Base + place.Index, TimeAt((segment, place)))))
            {
                return new LogCursor(store, segment, place);
            }
        }

        return new LogCursor(store, segment, RecordPlace.First);
    }

    // Stops before the record, or at the last complete one: a record in progress comes later. Also stops before damage, which the reader
    // must report.
    private static LogCursor Forward(LogCursor cursor, long sequence, DateTimeOffset time)
    {
        long nanoseconds = LogTime.From(time);
        try
        {
            while (cursor.Look(settle: false, out RecordWord word) == RecordView.Record
                && (cursor.Next < sequence || TimeAt(cursor.At) < nanoseconds))
            {
                _ = cursor.Take(word);
            }
        }
        catch (FairleadException damage) when (damage.Code == ErrorCode.Corrupt)
        {
            // The reader's own check throws it again.
        }

        return cursor;
    }

    private static long TimeAt((LogSegment Segment, RecordPlace Place) at) => at.Segment.At<long>(at.Place.Offset + LogLayout.TimeAt);
}
