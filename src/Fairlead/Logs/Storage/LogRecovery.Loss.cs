using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.Logs.Storage;

// Segments that another program has removed, or cut into their header. Their records are lost, which the numbers of the records after them
// show: readers get an error there, and the log continues with numbers that no lost record had.
internal sealed partial class LogRecovery
{
    /// <summary>Writes new headers for segments that were cut into their header.</summary>
    /// <returns>Their ordinals, and the numbers of their first records; 0 if the rest of a header does not hold the number.</returns>
    private Dictionary<long, long> RestoreHeaders(IReadOnlyList<long> ordinals, long usualSize)
    {
        Dictionary<long, long> restored = [];
        long? size = null;
        foreach (long ordinal in ordinals)
        {
            string who = $"the segment {PlainText.OneLine(store.PathOf(ordinal))}";
            using Descriptor file = LogFile.TryOpen(store.PathOf(ordinal), who)!;
            if (IsBeheaded(file, out long number, out long ownSize))
            {
                restored.Add(ordinal, number);
                size ??= ownSize == 0 ? null : ownSize;
            }
            else
            {
                size ??= LogSegment.Check(file, ordinal, who);
            }
        }

        foreach (long ordinal in restored.Keys)
        {
            string who = $"the segment {PlainText.OneLine(store.PathOf(ordinal))}";
            using Descriptor file = LogFile.TryOpen(store.PathOf(ordinal), who)!;
            Errno error = NativeFile.SetLength(file, 0);
            error = error == Errno.None ? LogSegment.WriteHeader(file, ordinal, size ?? usualSize, baseNumber: 0) : error;
            if (error != Errno.None)
            {
                throw ErrnoMap.Failure($"cannot repair {who}", error);
            }
        }

        return restored;
    }

    // Another file than a segment is left to the check of its header, which refuses it.
    private static bool IsBeheaded(Descriptor file, out long number, out long size)
    {
        Span<byte> header = stackalloc byte[LogLayout.TailAt + sizeof(ulong)];
        header.Clear();
        IoResult read = file.ReadAt(header, 0);
        ReadOnlySpan<byte> magic = LogLayout.SegmentMagic[..Math.Min(LogLayout.SegmentMagic.Length, Math.Max(0, read.Count))];
        bool isBeheaded = read.Ok && read.Count < header.Length && header.StartsWith(magic);
        number = isBeheaded && read.Count >= LogLayout.BaseAt + sizeof(long) ? MemoryMarshal.Read<long>(header[LogLayout.BaseAt..]) : 0;
        size = isBeheaded && read.Count >= LogLayout.SizeAt + sizeof(long) ? MemoryMarshal.Read<long>(header[LogLayout.SizeAt..]) : 0;
        bool isSize = size is >= LogLayout.SmallestSegment and <= LogLayout.LargestSegment && size % 4096 == 0;
        size = isSize ? size : 0;
        number = Math.Max(0, number);
        return isBeheaded;
    }

    /// <summary>
    /// Whether the newest segment has ended and the next one is gone, although its name was on disk or the machine has been running since.
    /// </summary>
    private bool LacksNewest(IReadOnlyList<long> ordinals)
    {
        using LogSegment? last = OpenLastNumbered(ordinals);
        return last is not null
            && !ordinals.Contains(last.Ordinal + 1)
            && (isSameBoot == true || last.Synced.Offset == last.Size)
            && EndOf(last) is not null;
    }

    /// <summary>
    /// Ends the restored segments, without records: the number of the next segment shows what is missing. A segment after one that has not
    /// ended was created ahead of its use, and stays free.
    /// </summary>
    private void CloseRestored(List<LogSegment> segments, Dictionary<long, long> restored)
    {
        for (int i = 0; i < segments.Count; i++)
        {
            LogSegment segment = segments[i];
            if (!restored.TryGetValue(segment.Ordinal, out long number))
            {
                continue;
            }

            if (i > 0 && segments[i - 1].Ordinal == segment.Ordinal - 1)
            {
                if (segments[i - 1].Base == 0 || EndOf(segments[i - 1]) is not { } follows)
                {
                    continue;
                }

                number = follows;
            }
            else if (number == 0)
            {
                // The oldest: at least its last record is lost.
                LogSegment? next = segments.Skip(i + 1).FirstOrDefault(static later => later.Base != 0);
                number = segment.Ordinal == 1 || next is null ? 1 : Math.Max(1, next.Base - 1);
            }

            segment.Base = number;
            segment.WordAt(RecordPlace.First.Offset) = RecordWord.End.Value;
            segment.SetTail(RecordPlace.First);
        }
    }

    /// <summary>Creates the segment after an ended one, so appenders find a place.</summary>
    private void GoOnAfterLoss(Dictionary<long, long> restored, bool lacksNewest)
    {
        IReadOnlyList<long> ordinals = LogFolder.Ordinals(store.Folder);
        using LogSegment? last = OpenLastNumbered(ordinals);
        if (last is null || EndOf(last) is not { } number)
        {
            return;
        }

        bool isLoss = lacksNewest || restored.ContainsKey(last.Ordinal);
        bool hasNext = ordinals.Contains(last.Ordinal + 1);
        if (hasNext && !isLoss)
        {
            return;
        }

        if (isLoss)
        {
            // No lost record can have had a higher number, unless several segments are lost; then a position may tell.
            number += (last.Size - LogLayout.HeaderSize) / LogLayout.RecordHeader;
            number = Math.Max(number, LogPosition.All(store.Folder).Select(static position => position.Next).Append(0).Max());
        }

        if (!hasNext)
        {
            _ = LogSegment.TryMake(store.PathOf(last.Ordinal + 1), last.Ordinal + 1, last.Size, number);
        }
        else
        {
            using LogSegment next = store.TryOpen(last.Ordinal + 1, isWritable: true)!;
            next.Base = number;
        }

        Require(NativeFile.SyncDirectory(store.Folder), last);
    }

    private LogSegment? OpenLastNumbered(IReadOnlyList<long> ordinals)
    {
        for (int i = ordinals.Count - 1; i >= 0; i--)
        {
            LogSegment segment = store.TryOpen(ordinals[i], isWritable: true)!;
            if (segment.Base != 0)
            {
                return segment;
            }

            segment.Dispose();
        }

        return null;
    }

    // The number after its last record; null if it has no end. After a crash of the machine, only what was synchronized is certain.
    private long? EndOf(LogSegment segment)
    {
        RecordPlace synced = segment.Synced;
        RecordPlace place = isSameBoot == true || synced.Offset == segment.Size ? segment.Tail : synced;
        while (true)
        {
            switch (RecordCheck.Look(segment, place, segment.Base + place.Index, out RecordWord word))
            {
                case RecordView.End:
                    return segment.Base + place.Index;
                case RecordView.Record or RecordView.Void or RecordView.Busy:
                    place = place.Behind(LogLayout.RecordSize(word.Length));
                    break;
                default:
                    return null;
            }
        }
    }
}
