using Fairlead.Native;

namespace Fairlead.Memory.Backing;

/// <summary>Files and POSIX segments that others may use as well: no header, the first byte is the user's.</summary>
internal static class ForeignRegion
{
    /// <summary>Where <c>shm_open</c> of the C library has its segments on Linux.</summary>
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

            // Never with O_CREAT alone: in a directory of all, the kernel refuses that for the existing file of another user.
            if (RegionFile.TryMake(path, length, mode, who) is { } made)
            {
                return RegionMemory.Map(made, headerSize: 0, length, isNew: true, who, path, name);
            }

            if (NativeFile.Lstat(path) is { Kind: FileKind.Symlink } && NativeFile.Stat(path) is null)
            {
                throw new FairleadException(
                    ErrorCode.AlreadyExists, $"{who} is a symbolic link that leads nowhere", "Remove it, or make what it should lead to.");
            }
        }
    }

    private static RegionMemory Existing(Descriptor file, string path, long? size, string who, string? name)
    {
        long length;
        try
        {
            long has = NativeFile.Fstat(file)?.Size ?? 0;

            // An empty one is one that somebody has made and not yet given its size, or will not, being dead.
            length =
                has > 0 ? has : size ?? throw new FairleadException(ErrorCode.Corrupt, $"{who} is empty", "Give a size, or remove it.");
            if (size is { } wanted && wanted != length)
            {
                throw RegionHeader.WrongSize(who, length, wanted);
            }

            // Another program may have given it a size and no space, and then the first touch of a page on a full disk would end this one.
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
                $"'{PlainText.OneLine(name)}' is no name of a POSIX segment: it begins with '/' and has no other, as in /counters.",
                nameof(name));
        }

        return PosixFolder + name;
    }
}
