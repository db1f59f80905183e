using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.Memory.Backing;

/// <summary>Files and POSIX segments that other programs may use too: no header, the user's data begins at the first byte.</summary>
internal static class ForeignRegion
{
    /// <summary>Where <c>shm_open</c> of the C library keeps its segments on Linux.</summary>
    private const string PosixFolder = "/dev/shm";

    private const int LongestPosixName = 254;

    public static RegionMemory OpenPosix(string name, long? size, uint mode) =>
        Open(PosixPath(name), size, mode, OpenFlags.NoFollow, $"the POSIX segment {name}", name);

    public static bool RemovePosix(string name)
    {
        string path = PosixPath(name);
        Errno error = NativeFile.Unlink(path);
        return error switch
        {
            Errno.None => true,
            Errno.ENOENT => false,
            _ => throw ErrnoMap.Failure($"cannot remove the POSIX segment {name}", error),
        };
    }

    public static RegionMemory OpenFile(string path, long? size, uint mode)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string whole = Path.GetFullPath(path);
        return Open(whole, size, mode, OpenFlags.ReadOnly, $"the file {PlainText.OneLine(whole)}", name: null);
    }

    public static RegionMemory ReadPosix(string name) => Read(PosixPath(name), OpenFlags.NoFollow, $"the POSIX segment {name}", name);

    public static RegionMemory ReadFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string whole = Path.GetFullPath(path);
        return Read(whole, OpenFlags.ReadOnly, $"the file {PlainText.OneLine(whole)}", name: null);
    }

    /// <summary>Maps an existing file only for reading, which needs no permission to write, and allocates nothing.</summary>
    private static RegionMemory Read(string path, OpenFlags flags, string who, string? name)
    {
        Descriptor file = RegionFile.TryOpen(path, flags, who, writable: false)
            ?? throw new FairleadException(ErrorCode.NotFound, $"{who} does not exist", "Start the program that makes it.");
        long size = NativeFile.Fstat(file)?.Size ?? 0;
        if (size == 0)
        {
            file.Dispose();
            throw new FairleadException(ErrorCode.Corrupt, $"{who} is empty", "Start the program that gives it a size.");
        }

        return RegionMemory.Map(file, headerSize: 0, size, isNew: false, who, path, name, writable: false);
    }

    private static RegionMemory Open(string path, long? size, uint mode, OpenFlags flags, string who, string? name)
    {
        while (true)
        {
            if (RegionFile.TryOpen(path, flags, who) is { } found)
            {
                return Existing(found, path, size, who, name);
            }

            if (size is not { } length)
            {
                throw new FairleadException(
                    ErrorCode.NotFound, $"{who} does not exist", "Give a size to make it, or start the program that does.");
            }

            // Never with O_CREAT alone: in a world-writable directory, the kernel refuses that for another user's existing file.
            if (RegionFile.TryMake(path, length, mode, who) is { } made)
            {
                return RegionMemory.Map(made, headerSize: 0, length, isNew: true, who, path, name);
            }

            if (NativeFile.Lstat(path) is { Kind: FileKind.Symlink } && NativeFile.Stat(path) is null)
            {
                throw new FairleadException(
                    ErrorCode.AlreadyExists, $"{who} is a broken symbolic link", "Remove it, or create its target.");
            }
        }
    }

    private static RegionMemory Existing(Descriptor file, string path, long? size, string who, string? name)
    {
        long length;
        try
        {
            long has = NativeFile.Fstat(file)?.Size ?? 0;

            // An empty file has been created but not sized yet; its creator may be dead.
            length =
                has > 0 ? has : size ?? throw new FairleadException(ErrorCode.Corrupt, $"{who} is empty", "Give a size, or remove it.");
            if (size is { } wanted && wanted != length)
            {
                throw RegionHeader.WrongSize(who, length, wanted);
            }

            // Another program may have set the size without allocating space. On a full disk, the first touch of a page would end this
            // process.
            RegionFile.Allocate(file, length, who);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return RegionMemory.Map(file, headerSize: 0, length, isNew: false, who, path, name);
    }

    private static string PosixPath(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is < 2 or > LongestPosixName
            || name[0] != '/'
            || name.IndexOf('/', 1) >= 0
            || name is "/." or "/.."
            || name.Any(char.IsControl))
        {
            throw new ArgumentException(
                $"'{PlainText.OneLine(name)}' is not a name of a POSIX segment: begin it with its only '/', as in /counters.",
                nameof(name));
        }

        return PosixFolder + name;
    }
}
