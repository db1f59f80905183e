using System.Buffers;
using System.Globalization;
using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Memory;
using Fairlead.Registry;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.Logs.Storage;

/// <summary>A segment, mapped as a whole: its header, then the records. Readers map it read-only.</summary>
/// <remarks>Every user owns it, or holds a reference by <see cref="TryEnter"/>. After disposal, the last user unmaps it.</remarks>
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

    /// <summary>The file, open for reading and writing.</summary>
    public Descriptor File { get; }

    /// <summary>The size in bytes, with the header.</summary>
    public long Size { get; }

    /// <summary>The position among the segments, from 1.</summary>
    public long Ordinal { get; }

    /// <summary>Records end here at the latest; after it there is space for the word that ends the segment.</summary>
    public long Limit { get; }

    /// <summary>The number of its first record; 0 while the segment before it is in use.</summary>
    public long Base
    {
        get => Volatile.Read(ref At<long>(LogLayout.BaseAt));

        // All writers know the same number.
        set => Volatile.Write(ref At<long>(LogLayout.BaseAt), value);
    }

    /// <summary>
    /// The sync mark: everything before it is on disk, and damage there cannot come from a crash. At the end of the file it means the whole
    /// segment, with the word that ends it.
    /// </summary>
    /// <exception cref="FairleadException">Corrupt: a program has overwritten the header.</exception>
    public RecordPlace Synced => Checked(SyncedAsItStands, SyncedAsItStands.Offset == Size);

    /// <summary>The sync mark without validation: for comparing with, not for reading there.</summary>
    public RecordPlace SyncedAsItStands => new(Volatile.Read(ref At<ulong>(LogLayout.SyncedAt)));

    /// <summary>A place at or before the first free one. An appender that finds it taken advances it.</summary>
    /// <exception cref="FairleadException">Corrupt: a program has overwritten the header.</exception>
    public RecordPlace Tail => Checked(new(Volatile.Read(ref At<ulong>(LogLayout.TailAt))), isElse: false);

    /// <summary>Its description in errors.</summary>
    public string Who => $"the segment {PlainText.OneLine(Path)}";

    public static string NameOf(long ordinal) => ordinal.ToString("D12", CultureInfo.InvariantCulture) + LogLayout.SegmentSuffix;

    /// <summary>Creates a segment; false if the name is taken by then.</summary>
    /// <exception cref="FairleadException">Full: the message says how much space is needed and free. Nothing is left then.</exception>
    public static bool TryMake(string path, long ordinal, long size, long baseNumber)
    {
        using var file = RegionFile.TryMake(
            path, size, RuntimeDirectory.PrivateFile, $"the segment {PlainText.OneLine(path)}", Fill, path + "~");
        return file is not null;

        Errno Fill(Descriptor made) => WriteHeader(made, ordinal, size, baseNumber);
    }

    /// <summary>Writes the header of a segment without records.</summary>
    public static Errno WriteHeader(Descriptor file, long ordinal, long size, long baseNumber)
    {
        Span<byte> page = stackalloc byte[LogLayout.TailAt + sizeof(ulong)];
        page.Clear();
        MemoryMarshal.Write(page[LogLayout.OrdinalAt..], ordinal);
        MemoryMarshal.Write(page[LogLayout.BaseAt..], baseNumber);
        MemoryMarshal.Write(page[LogLayout.SyncedAt..], RecordPlace.First.Value);
        MemoryMarshal.Write(page[LogLayout.TailAt..], RecordPlace.First.Value);
        return LogHeader.Write(file, LogLayout.SegmentMagic, size, page);
    }

    /// <summary>Opens a segment; null if it does not exist.</summary>
    /// <exception cref="FairleadException">Corrupt: damaged, or shorter than its header says. AlreadyExists: not a segment.</exception>
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
                    "A program has truncated the file. When all processes have closed the log, the next to open it repairs what it can.");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Validates the header and returns the size in it.</summary>
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
                "A program has overwritten it. Move it out of the folder; its records are lost.");
    }

    public static string Cut(string who, long length, long size) =>
        string.Create(CultureInfo.InvariantCulture, $"{who} has {length} of its {size} bytes");

    /// <summary>The first word of a record.</summary>
    public ref ulong WordAt(long offset) => ref At<ulong>(offset);

    /// <summary>Reads the first word with acquire order: a reader that sees a published record sees all of it.</summary>
    public RecordWord ReadWord(long offset) => new(Volatile.Read(ref At<ulong>(offset)));

    public ref T At<T>(long offset)
        where T : unmanaged => ref Unsafe.AsRef<T>(_start + offset);

    /// <summary>Returns a part of the mapping, valid as long as the segment.</summary>
    public Span<byte> Bytes(long offset, int length) => new(_start + offset, length);

    /// <summary>The whole mapping, for leases; valid as long as the segment.</summary>
    public ReadOnlyMemory<byte> Memory => (_manager ??= new Manager(this)).Memory;

    /// <summary>Advances the tail, unless another appender has.</summary>
    public void MoveTail(RecordPlace from, RecordPlace to) =>
        _ = Interlocked.CompareExchange(ref At<ulong>(LogLayout.TailAt), to.Value, from.Value);

    /// <summary>Sets the tail during repair. The caller has the log exclusively.</summary>
    public void SetTail(RecordPlace place) => Volatile.Write(ref At<ulong>(LogLayout.TailAt), place.Value);

    /// <summary>Raises the sync mark: everything before the place is on disk. The mark never goes back.</summary>
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

    /// <summary>Whether a record, or the end of the segment, could begin at a place.</summary>
    public bool Holds(RecordPlace place) => place.Offset >= LogLayout.HeaderSize && place.Offset <= Limit;

    /// <summary>Returns the index entry for the part of the segment that holds a place.</summary>
    public int EntryOf(RecordPlace place) => (int)(place.Offset >> _strideShift);

    /// <summary>Notes in the index that a record begins at a place.</summary>
    public void NoteInIndex(RecordPlace place) => Volatile.Write(ref At<ulong>(IndexEntryAt(EntryOf(place))), place.Value);

    /// <summary>Returns the place in an index entry, if it could be one; the caller verifies it against the record.</summary>
    public RecordPlace? ReadIndex(int entry)
    {
        RecordPlace place = new(Volatile.Read(ref At<ulong>(IndexEntryAt(entry))));
        return place.Offset >= LogLayout.HeaderSize && place.Offset <= Limit - LogLayout.RecordHeader ? place : null;
    }

    /// <summary>Clears an index entry.</summary>
    public void ClearIndex(int entry) => At<ulong>(IndexEntryAt(entry)) = 0;

    /// <summary>
    /// Voids a record whose appender has died. Readers may not write to the mapping; this writes to the file, and every caller writes the
    /// same byte.
    /// </summary>
    public void Void(long offset, RecordWord word)
    {
        ulong value = word.As(RecordState.Void).Value;
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in value));
        int top = BitConverter.IsLittleEndian ? sizeof(ulong) - 1 : 0;

        // A failure does not matter: the record is never published, and the next reader that comes here tries again.
        _ = File.WriteAt(bytes.Slice(top, 1), offset + top);
    }

    /// <summary>Prepares pages for writing.</summary>
    /// <exception cref="FairleadException">Corrupt: the file has been truncated.</exception>
    public void PreparePages(long from, long length)
    {
        Errno error = _mapping.PreparePages((nuint)from, (nuint)Math.Min(length, Size - from));
        if (error == Errno.EFAULT)
        {
            throw new FairleadException(
                ErrorCode.Corrupt,
                $"{Who} was truncated while it was in use",
                "When all processes have closed the log, the next to open it repairs what it can.");
        }
    }

    /// <summary>Blocks until the header is on disk, whoever has written to it; false: the disk reports an error.</summary>
    public bool TrySyncHeader()
    {
        try
        {
            // A page and not the file: unsynchronized records may be removed before they are ever written.
            using SafeFileHandle handle = new(File.Number, ownsHandle: false);
            using MemoryMappedFile file = MemoryMappedFile.CreateFromFile(
                handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            using MemoryMappedViewAccessor header = file.CreateViewAccessor(0, LogLayout.HeaderSize, MemoryMappedFileAccess.Read);
            header.Flush();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Keeps the segment mapped until <see cref="Exit"/>; false if it is disposed.</summary>
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

    /// <summary>Undoes <see cref="TryEnter"/>.</summary>
    public void Exit() => _mapping.DangerousRelease();

    /// <summary>Whether its owner has disposed it.</summary>
    public bool IsDisposed => _mapping.IsClosed;

    public void Dispose()
    {
        _mapping.Dispose();
        File.Dispose();
    }

    // Validated at each read: other programs can write to the header at any time.
    private RecordPlace Checked(RecordPlace place, bool isElse) =>
        isElse || Holds(place)
            ? place
            : throw new FairleadException(
                ErrorCode.Corrupt,
                $"the header of {Who} is damaged",
                "A program has overwritten it. To see how much of the log is intact: fairlead log info");

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
