using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Native;

namespace Fairlead.Memory.Backing;

/// <summary>Memory that has been opened, whatever backs it: where it begins, how long it is, and the file behind it.</summary>
internal sealed unsafe class RegionMemory : IDisposable
{
    private readonly FileIdentityCheck? _check;

    /// <param name="mapping">Owned from now on.</param>
    /// <param name="start">The first byte of the user's.</param>
    /// <param name="size">Bytes of the user's.</param>
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

    /// <summary>Unmaps with its last user.</summary>
    public SafeHandle Mapping { get; }

    public byte* Start { get; }

    public long Size { get; }

    /// <summary>The file behind it, open for reading and writing; null where there is none.</summary>
    public Descriptor? File { get; }

    /// <summary>Bytes of the file before <see cref="Start"/>.</summary>
    public int HeaderSize { get; }

    public required string Description { get; init; }

    public string? Name { get; init; }

    /// <summary>Where others find it among the files; null where there is no file.</summary>
    public string? Path { get; init; }

    public bool IsNew { get; init; }

    /// <summary>Maps a file that has the space. Takes the descriptor over, also when it fails.</summary>
    /// <param name="file">Open for reading and writing.</param>
    /// <param name="headerSize">Bytes before the user's.</param>
    /// <param name="size">Bytes of the user's.</param>
    /// <param name="isNew">Whether this process has made it.</param>
    /// <param name="description">How it is named in errors.</param>
    /// <param name="path">Its path; null: the one by which others find this descriptor.</param>
    /// <param name="name">Its name, where it has one.</param>
    /// <param name="isRobust">Whether there will be words in it that the kernel marks when their owner dies.</param>
    public static RegionMemory Map(
        Descriptor file,
        int headerSize,
        long size,
        bool isNew,
        string description,
        string? path,
        string? name = null,
        bool isRobust = false)
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
                MappedFile plain = new(file, headerSize + size, allocate: false);
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

    /// <summary>Finds out whether the file is still whole and still what its name means.</summary>
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
            throw Damaged("its file has been cut");
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
            "Who opens the name now gets other memory: dispose this and open it again.");

    /// <summary>Whether a path still leads to the file that was opened.</summary>
    private sealed class FileIdentityCheck(string path, Descriptor file)
    {
        private readonly FileStatus? _opened = NativeFile.Fstat(file);

        public bool IsSame => _opened is not null && NativeFile.Stat(path) is { } now && now.IsSameFile(_opened);
    }
}
