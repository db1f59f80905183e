using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Memory;
using Fairlead.Native.Processes;

namespace Fairlead.Memory.Backing;

/// <summary>Opened memory of any kind: its address, its size, and the file behind it.</summary>
internal sealed unsafe class RegionMemory : IDisposable
{
    private readonly FileIdentityCheck? _check;

    /// <param name="mapping">The mapping; this object takes ownership.</param>
    /// <param name="start">The first byte for the user.</param>
    /// <param name="size">The number of bytes for the user.</param>
    public RegionMemory(SafeHandle mapping, byte* start, long size)
    {
        Mapping = mapping;
        Start = start;
        Size = size;
    }

    private RegionMemory(SafeHandle mapping, byte* start, long size, Descriptor file, int headerSize, FileIdentityCheck? check)
        : this(mapping, start, size)
    {
        File = file;
        HeaderSize = headerSize;
        _check = check;
    }

    /// <summary>The mapping; its last user unmaps it.</summary>
    public SafeHandle Mapping { get; }

    public byte* Start { get; }

    public long Size { get; }

    /// <summary>The file behind it, open for reading and writing; null if there is none.</summary>
    public Descriptor? File { get; }

    /// <summary>The number of bytes of the file before <see cref="Start"/>.</summary>
    public int HeaderSize { get; }

    public required string Description { get; init; }

    public string? Name { get; init; }

    /// <summary>The path by which other processes find the file; null without a file.</summary>
    public string? Path { get; init; }

    public bool IsNew { get; init; }

    /// <summary>Maps a file whose space is allocated. Takes ownership of the descriptor, also on failure.</summary>
    /// <param name="file">The file, open for reading and writing.</param>
    /// <param name="headerSize">The number of bytes before those for the user.</param>
    /// <param name="size">The number of bytes for the user.</param>
    /// <param name="isNew">Whether this process created it.</param>
    /// <param name="description">Its description in errors.</param>
    /// <param name="path">Its path; null: the path in <c>/proc</c> by which other processes find this descriptor.</param>
    /// <param name="name">Its name, if it has one.</param>
    /// <param name="isRobust">Whether it will hold words that the kernel marks when their owner dies.</param>
    /// <param name="writable">Whether the memory may be written; the file is open for writing then.</param>
    public static RegionMemory Map(
        Descriptor file,
        int headerSize,
        long size,
        bool isNew,
        string description,
        string? path,
        string? name = null,
        bool isRobust = false,
        bool writable = true)
    {
        try
        {
            SafeHandle mapping;
            byte* start;
            if (isRobust)
            {
                RobustMemory robust = new(file, 0, (int)(headerSize + size));
                mapping = robust;
                start = robust.Shared;
            }
            else
            {
                MappedFile plain = new(file, headerSize + size, writable, allocate: false);
                mapping = plain;
                start = plain.Pointer;
            }

            return new RegionMemory(
                mapping, start + headerSize, size, file, headerSize, path is null ? null : new FileIdentityCheck(path, file))
            {
                Description = description,
                Name = name,
                Path = path ?? string.Create(CultureInfo.InvariantCulture, $"/proc/{NativeProcess.Id}/fd/{file.Number}"),
                IsNew = isNew,
            };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Checks that the file is still complete and still the one that its path refers to.</summary>
    /// <exception cref="FairleadException">Corrupt: it is not.</exception>
    public void Verify()
    {
        if (File is null)
        {
            return;
        }

        if (HeaderSize > 0)
        {
            _ = RegionHeader.IsOurs(File) ? 0 : throw Damaged("its header has been overwritten");
        }

        if (NativeFile.Fstat(File) is not { } status || status.Size < HeaderSize + Size)
        {
            throw Damaged("its file has been truncated");
        }

        if (_check?.IsSame == false)
        {
            throw Damaged($"its file {Path} has been removed or replaced");
        }
    }

    public void Dispose()
    {
        Mapping.Dispose();
        File?.Dispose();
    }

    private FairleadException Damaged(string how) =>
        new(
            ErrorCode.Corrupt,
            $"{Description} is not what was opened: {how}",
            "Opening the name now gives other memory: dispose this object and open it again.");

    /// <summary>Checks whether a path still refers to the opened file.</summary>
    private sealed class FileIdentityCheck(string path, Descriptor file)
    {
        private readonly FileStatus? _opened = NativeFile.Fstat(file);

        public bool IsSame => _opened is not null && NativeFile.Stat(path) is { } now && now.IsSameFile(_opened);
    }
}
