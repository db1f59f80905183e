namespace Fairlead.Logs.Storage;

/// <summary>Reads a whole log, and reports its content and damage.</summary>
internal static class LogSurvey
{
    public static LogInfo Of(LogStore store)
    {
        Count count;
        bool areRemoved;
        do
        {
            // Again if all segments of the list were removed for their age before they could be read.
            count = ReadAll(store, out areRemoved);
        }
        while (areRemoved && count.First == 0);

        return new LogInfo
        {
            Path = store.Folder,
            SegmentSize = count.SegmentSize,
            Segments = count.Segments,
            Size = count.Size,
            First = count.First,
            Next = count.Next,
            Records = count.Records,
            Bytes = count.Bytes,
            Voided = count.Voided,
            Unfinished = count.Unfinished,
            Synced = count.Synced,
            FirstTime = count.FirstTime,
            LastTime = count.LastTime,
            Positions =
            [
                .. LogPosition
                    .All(store.Folder)
                    .OrderBy(static position => position.Name, StringComparer.Ordinal)
                    .Select(position => new LogPositionInfo(
                        position.Name,
                        position.Next,
                        Math.Max(0, count.Next - Math.Max(position.Next, count.First)),
                        position.IsHeld,
                        position.Holder)),
            ],
            Damages = count.Damages,
        };
    }

    private static Count ReadAll(LogStore store, out bool areRemoved)
    {
        Count count = new();
        areRemoved = false;
        LogSegment? last = null;
        RecordPlace? rest = null;
        try
        {
            foreach (long ordinal in LogFolder.Ordinals(store.Folder))
            {
                LogSegment? segment = null;
                try
                {
                    segment = store.TryOpen(ordinal, isWritable: false);
                    if (segment is null && ordinal < LogFolder.First(store.Folder))
                    {
                        // Removed for its age since the list was read, and so were all before it: the log begins later now.
                        count = new();
                        rest = null;
                        areRemoved = true;
                    }
                    else if (segment is not null)
                    {
                        count.Segments++;
                        count.Size += segment.Size;
                        count.SegmentSize = segment.Size;
                        if (segment.Base != 0)
                        {
                            // The segment before has its end by now. Appenders may have added records since it was read.
                            _ = rest is { } place ? Read(store, last!, place, count) : null;
                            rest = null;
                            Check(segment, count);
                            rest = Read(store, segment, RecordPlace.First, count);
                            (last, segment) = (segment, last);
                        }
                    }
                }
                catch (FairleadException error) when (error.Code is ErrorCode.Corrupt or ErrorCode.AlreadyExists or ErrorCode.Incompatible)
                {
                    count.Damages.Add(new LogDamage(LogSegment.NameOf(ordinal), 0, count.Next, error.WhatHappened));
                }
                finally
                {
                    segment?.Dispose();
                }
            }
        }
        finally
        {
            last?.Dispose();
        }

        return count;
    }

    private static void Check(LogSegment segment, Count count)
    {
        if (count.First == 0)
        {
            count.First = segment.Base;
        }
        else if (segment.Base != count.Next)
        {
            count.Damages.Add(
                new LogDamage(
                    LogSegment.NameOf(segment.Ordinal),
                    0,
                    count.Next,
                    $"it begins with record {segment.Base} instead of {count.Next}"));
        }
    }

    // Reads from a place on. Returns the place of the next record if the segment has no end yet.
    private static RecordPlace? Read(LogStore store, LogSegment segment, RecordPlace place, Count count)
    {
        while (true)
        {
            long number = segment.Base + place.Index;
            count.Next = number;
            if (place.Offset <= segment.SyncedAsItStands.Offset)
            {
                count.Synced = number;
            }

            RecordView view = RecordCheck.Look(segment, place, number, out RecordWord word);
            switch (view)
            {
                case RecordView.Record:
                    count.Records++;
                    count.Bytes += word.Length;
                    DateTimeOffset time = LogTime.ToTime(segment.At<long>(place.Offset + LogLayout.TimeAt));
                    count.FirstTime ??= time;
                    count.LastTime = time;
                    break;
                case RecordView.Busy:
                    count.Unfinished++;
                    break;
                case RecordView.Void:
                    count.Voided++;
                    break;
                case RecordView.Damage:
                    FairleadException damage = store.Damaged(segment, place, number);
                    count.Damages.Add(new LogDamage(LogSegment.NameOf(segment.Ordinal), place.Offset, number, damage.WhatHappened));
                    if (Behind(segment, place) is not { } next)
                    {
                        return null;
                    }

                    place = next;
                    continue;
                case RecordView.Nothing:
                    return place;
                default:
                    return null;
            }

            place = place.Behind(LogLayout.RecordSize(word.Length));
        }
    }

    // The next record that the index leads to.
    private static RecordPlace? Behind(LogSegment segment, RecordPlace place)
    {
        for (int entry = segment.EntryOf(place) + 1; entry < LogLayout.IndexEntries; entry++)
        {
            if (segment.ReadIndex(entry) is { } noted
                && noted.Offset > place.Offset
                && RecordCheck.Look(segment, noted, segment.Base + noted.Index, out _) == RecordView.Record)
            {
                return noted;
            }
        }

        return null;
    }

    private sealed class Count
    {
        public int Segments;
        public long SegmentSize;
        public long Size;
        public long First;
        public long Next = 1;
        public long Records;
        public long Bytes;
        public long Voided;
        public long Unfinished;
        public long Synced;
        public DateTimeOffset? FirstTime;
        public DateTimeOffset? LastTime;
        public List<LogDamage> Damages { get; } = [];
    }
}
