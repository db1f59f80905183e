using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Logs.Storage;

/// <summary>One segment, mapped whole: its header, then record behind record. Readers map it read-only.</summary>
/// <remarks>Whoever touches it owns it, or holds it by <see cref="TryEnter"/>: disposed, it is unmapped with its last user.</remarks>
internal sealed unsafe class LogSegment : IDisposable
{
    private readonly MappedFile _mapping;
    private readonly byte* _start;
    private readonly int _strideShift;
    private Manager? _manager;

    private LogSegment(string path, Descriptor file, long size, long ordinal, bool isWritable)
    {
        Path = path;
        File = file;
        Size = size;
        Ordinal = ordinal;
        Limit = size - sizeof(ulong);
        _strideShift = LogLayout.StrideShift(size);
        _mapping = new MappedFile(file, size, isWritable, allocate: false);
        _start = _mapping.Pointer;
    }

    public string Path { get; }

    /// <summary>Open for reading and writing.</summary>
    public Descriptor File { get; }

    /// <summary>In bytes, with its header.</summary>
    public long Size { get; }

    /// <summary>Its place in the row of the segments, from 1.</summary>
    public long Ordinal { get; }

    /// <summary>Records end here at the latest; behind it is room for the word that ends the segment.</summary>
    public long Limit { get; }

    /// <summary>The number of its first record; 0 while the segment before it is in use.</summary>
    public long Base
    {
        get => Volatile.Read(ref At<long>(LogLayout.BaseAt));

        // All who come to it know the same number.
        set => Volatile.Write(ref At<long>(LogLayout.BaseAt), value);
    }

    /// <summary>
    /// Everything before it is on the disk; what is damaged there cannot be the work of a crash. At the end of the file: the whole segment
    /// with the word that ends it.
    /// </summary>
    /// <exception cref="FairleadException">Corrupt: somebody has overwritten the header.</exception>
    public RecordPlace Synced => Checked(SyncedAsItStands, SyncedAsItStands.Offset == Size);

    /// <summary>The same, not judged: to be compared with, not to be gone to.</summary>
    public RecordPlace SyncedAsItStands => new(Volatile.Read(ref At<ulong>(LogLayout.SyncedAt)));

    /// <summary>A place that is not behind the first free one. Who finds it taken moves it on.</summary>
    /// <exception cref="FairleadException">Corrupt: somebody has overwritten the header.</exception>
    public RecordPlace Tail => Checked(new(Volatile.Read(ref At<ulong>(LogLayout.TailAt))), isElse: false);

    /// <summary>How it is named in errors.</summary>
    public string Who => $"the segment {PlainText.OneLine(Path)}";

    public static string NameOf(long ordinal) => ordinal.ToString("D12", CultureInfo.InvariantCulture) + LogLayout.SegmentSuffix;

    /// <summary>Makes a segment; false when there is one of this name by then.</summary>
    /// <exception cref="FairleadException">Full: it says how much is needed and how much is free. Nothing is left then.</exception>
    public static bool TryMake(string path, long ordinal, long size, long baseNumber)
    {
        using var file = RegionFile.TryMake(
            path, size, RuntimeDirectory.PrivateFile, $"the segment {PlainText.OneLine(path)}", Fill, path + "~");
        return file is not null;

        Errno Fill(Descriptor made)
        {
            Span<byte> page = stackalloc byte[LogLayout.TailAt + sizeof(ulong)];
            page.Clear();
            MemoryMarshal.Write(page[LogLayout.OrdinalAt..], ordinal);
            MemoryMarshal.Write(page[LogLayout.BaseAt..], baseNumber);
            MemoryMarshal.Write(page[LogLayout.SyncedAt..], RecordPlace.First.Value);
            MemoryMarshal.Write(page[LogLayout.TailAt..], RecordPlace.First.Value);
            return LogHeader.Write(made, LogLayout.SegmentMagic, size, page);
        }
    }

    /// <summary>Opens a segment; null when there is none.</summary>
    /// <exception cref="FairleadException">Corrupt: damaged, or shorter than it says. AlreadyExists: no segment.</exception>
    public static LogSegment? TryOpen(string path, long ordinal, bool isWritable)
    {
        string who = $"the segment {PlainText.OneLine(path)}";
        if (LogFile.TryOpen(path, who) is not { } file)
        {
            return null;
        }

        try
        {
            long size = Check(file, ordinal, who);
            long length = NativeFile.Fstat(file)?.Size ?? 0;
            return length >= size
                ? new LogSegment(path, file, size, ordinal, isWritable)
                : throw new FairleadException(
                    ErrorCode.Corrupt,
                    Cut(who, length, size),
                    "Somebody has cut the file. When all have closed the log, the next who opens it mends what can be mended.");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Judges the header and returns the size that it tells.</summary>
    public static long Check(Descriptor file, long ordinal, string who)
    {
        Span<byte> header = stackalloc byte[LogLayout.TailAt + sizeof(ulong)];
        long size = LogHeader.Read(file, LogLayout.SegmentMagic, header, who);
        RecordPlace tail = MemoryMarshal.Read<RecordPlace>(header[LogLayout.TailAt..]);
        RecordPlace synced = MemoryMarshal.Read<RecordPlace>(header[LogLayout.SyncedAt..]);
        bool holds = size is >= LogLayout.SmallestSegment
            && size % 4096 == 0
            && MemoryMarshal.Read<long>(header[LogLayout.OrdinalAt..]) == ordinal
            && MemoryMarshal.Read<long>(header[LogLayout.BaseAt..]) >= 0
            && tail.Offset >= LogLayout.HeaderSize
            && tail.Offset <= size - sizeof(ulong)
            && synced.Offset >= LogLayout.HeaderSize
            && synced.Offset <= size;
        return holds
            ? size
            : throw new FairleadException(
                ErrorCode.Corrupt,
                $"the header of {who} is damaged",
                "Somebody has overwritten it: move it out of the folder, and what was in it is lost.");
    }

    public static string Cut(string who, long length, long size) =>
        string.Create(CultureInfo.InvariantCulture, $"{who} has {length} of its {size} bytes");

    /// <summary>The word with which a record begins.</summary>
    public ref ulong WordAt(long offset) => ref At<ulong>(offset);

    /// <summary>Copied with acquire order: who sees a record published sees all of it.</summary>
    public RecordWord ReadWord(long offset) => new(Volatile.Read(ref At<ulong>(offset)));

    public ref T At<T>(long offset)
        where T : unmanaged => ref Unsafe.AsRef<T>(_start + offset);

    /// <summary>Good as long as the segment is.</summary>
    public Span<byte> Bytes(long offset, int length) => new(_start + offset, length);

    /// <summary>All of it, for leases; good as long as the segment is.</summary>
    public ReadOnlyMemory<byte> Memory => (_manager ??= new Manager(this)).Memory;

    /// <summary>Moves the tail on, unless somebody has.</summary>
    public void MoveTail(RecordPlace from, RecordPlace to) =>
        _ = Interlocked.CompareExchange(ref At<ulong>(LogLayout.TailAt), to.Value, from.Value);

    /// <summary>Puts the tail where it is found to be. By who has the log alone.</summary>
    public void SetTail(RecordPlace place) => Volatile.Write(ref At<ulong>(LogLayout.TailAt), place.Value);

    /// <summary>Everything before the place is on the disk. Never goes back.</summary>
    public void RaiseSynced(RecordPlace place)
    {
        ref ulong word = ref At<ulong>(LogLayout.SyncedAt);
        ulong seen = Volatile.Read(ref word);
        while (new RecordPlace(seen).Offset < place.Offset)
        {
            ulong found = Interlocked.CompareExchange(ref word, place.Value, seen);
            if (found == seen)
            {
                return;
            }

            seen = found;
        }
    }

    /// <summary>Whether a record, or the segment's end, could begin there.</summary>
    public bool Holds(RecordPlace place) => place.Offset >= LogLayout.HeaderSize && place.Offset <= Limit;

    /// <summary>Which entry of the index stands for the part of the segment in which the place lies.</summary>
    public int EntryOf(RecordPlace place) => (int)(place.Offset >> _strideShift);

    /// <summary>Notes that a record begins there, in the entry of the index for that part of the segment.</summary>
    public void NoteInIndex(RecordPlace place) => Volatile.Write(ref At<ulong>(IndexEntryAt(EntryOf(place))), place.Value);

    /// <summary>The place noted in an entry, if it could be one; to be checked against the record itself.</summary>
    public RecordPlace? ReadIndex(int entry)
    {
        RecordPlace place = new(Volatile.Read(ref At<ulong>(IndexEntryAt(entry))));
        return place.Offset >= LogLayout.HeaderSize && place.Offset <= Limit - LogLayout.RecordHeader ? place : null;
    }

    /// <summary>Takes an entry of the index back.</summary>
    public void ClearIndex(int entry) => At<ulong>(IndexEntryAt(entry)) = 0;

    /// <summary>
    /// Calls a record void whose appender has died. Readers may not write to the mapping, and all who do this write the same byte.
    /// </summary>
    public void Void(long offset, RecordWord word)
    {
        ulong value = word.As(RecordState.Void).Value;
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in value));
        int top = BitConverter.IsLittleEndian ? sizeof(ulong) - 1 : 0;

        // A failure is no matter: nobody will ever publish it, so the next who comes here does the same.
        _ = File.WriteAt(bytes.Slice(top, 1), offset + top);
    }

    /// <summary>Makes pages ready to be written.</summary>
    /// <exception cref="FairleadException">Corrupt: the file has been cut.</exception>
    public void PreparePages(long from, long length)
    {
        Errno error = _mapping.PreparePages((nuint)from, (nuint)Math.Min(length, Size - from));
        if (error == Errno.EFAULT)
        {
            throw new FairleadException(
                ErrorCode.Corrupt,
                $"{Who} has been cut while it was in use",
                "Somebody has done that to the file. When all have closed the log, the next who opens it mends what can be mended.");
        }
    }

    /// <summary>Keeps it mapped until <see cref="Exit"/>; false when it has been disposed.</summary>
    public bool TryEnter()
    {
        bool entered = false;
        try
        {
            if (!_mapping.IsClosed)
            {
                _mapping.DangerousAddRef(ref entered);
            }
        }
        catch (ObjectDisposedException)
        {
            return false;
        }

        return entered;
    }

    /// <summary>The release of <see cref="TryEnter"/>.</summary>
    public void Exit() => _mapping.DangerousRelease();

    /// <summary>Whether it is still mapped for its owner.</summary>
    public bool IsDisposed => _mapping.IsClosed;

    public void Dispose()
    {
        _mapping.Dispose();
        File.Dispose();
    }

    // The header lies in memory that others can write to at any time.
    private RecordPlace Checked(RecordPlace place, bool isElse) =>
        isElse || Holds(place)
            ? place
            : throw new FairleadException(
                ErrorCode.Corrupt,
                $"the header of {Who} is damaged",
                "Somebody has overwritten it. How much of the log is whole: fairlead log info");

    private static long IndexEntryAt(long entry) => LogLayout.IndexAt + (entry * sizeof(ulong));

    private sealed class Manager(LogSegment segment) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan() => new(segment._start, (int)segment.Size);

        public override MemoryHandle Pin(int elementIndex = 0) => new(segment._start + elementIndex);

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
