using System.Globalization;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Memory.Backing;

/// <summary>
/// What has a name and is mapped: files with a header, regions and cells in the folder "regions" of the runtime directory, locks in
/// another.
/// </summary>
internal static class NamedRegion
{
    /// <summary>The folder of regions and cells in the runtime directory.</summary>
    public const string Folder = "regions";

    /// <summary>The folder of what excludes and signals.</summary>
    public const string LockFolder = "locks";

    private const int LongestName = 100;

    // In no name: what is being made where the file system has no files without a name.
    private const char Unfinished = '~';

    /// <summary>Opens what there is.</summary>
    /// <exception cref="FairleadException">NotFound, or it is no such region.</exception>
    public static RegionMemory Open(string name, RegionContent content) =>
        Find(PathOf(name, content), name, content, size: null) ?? throw new FairleadException(
            ErrorCode.NotFound, $"{Describe(name, content)} does not exist", "Give a size to make it, or start the program that does.");

    /// <summary>Opens what there is, or makes it, zeroed.</summary>
    /// <param name="name">Which.</param>
    /// <param name="size">Of one that is made.</param>
    /// <param name="content">Its kind.</param>
    /// <param name="fill">Writes what stands in it before others can open it, behind the header; null: nothing.</param>
    public static RegionMemory Open(string name, long size, RegionContent content, Func<Descriptor, Errno>? fill = null)
    {
        var path = PathOf(name, content);
        var who = Describe(name, content);

        // What has the name is whole, so that only making takes the lock.
        if (Find(path, name, content, size) is { } found)
        {
            return found;
        }

        using var locked = Lock(path, out var folder);
        RemoveUnfinished(folder);
        while (true)
        {
            if (Find(path, name, content, size) is { } first)
            {
                return first;
            }

            if (RegionFile.TryMake(
                    path,
                    RegionLayout.HeaderSize + size,
                    RuntimeDirectory.PrivateFile,
                    who,
                    made => RegionHeader.Write(made, content, size) is var error && error == Errno.None && fill is not null
                        ? fill(made)
                        : error,
                    path + Unfinished
                ) is
                { } file)
            {
                return RegionMemory.Map(file, RegionLayout.HeaderSize, size, isNew: true, who, path, name, IsLock(content));
            }
        }
    }

    /// <summary>Whether there is a region, or a cell, of this name; or any lock.</summary>
    public static bool Exists(string name, RegionContent content = RegionContent.Bytes)
    {
        var path = PathOf(name, content);
        if (NativeFile.Lstat(path) is not { Kind: FileKind.Regular })
        {
            return false;
        }

        using var file = RegionFile.TryOpen(path, OpenFlags.NoFollow, Describe(name, content));
        return file is not null && RegionHeader.IsOurs(file);
    }

    /// <summary>Takes the name away; who has it open keeps the memory. False when there was none.</summary>
    /// <exception cref="FairleadException">AlreadyExists: what has the name is no region, and stays.</exception>
    public static bool Remove(string name, RegionContent content = RegionContent.Bytes)
    {
        var path = PathOf(name, content);
        var who = Describe(name, content);
        using var locked = Lock(path, out var folder);
        RemoveUnfinished(folder);
        using var file = RegionFile.TryOpen(path, OpenFlags.NoFollow, who);
        if (file is null)
        {
            return false;
        }

        if (!RegionHeader.IsOurs(file))
        {
            throw new FairleadException(
                ErrorCode.AlreadyExists,
                $"{who} is a file that Fairlead did not make as a region",
                "It is left alone: remove it yourself.");
        }

        var error = NativeFile.Unlink(path);
        return error == Errno.None || (error == Errno.ENOENT ? false : throw ErrnoMap.Failure($"cannot remove {who}", error));
    }

    private static RegionMemory? Find(string path, string name, RegionContent content, long? size)
    {
        var who = Describe(name, content);
        var file = RegionFile.TryOpen(path, OpenFlags.NoFollow, who);
        if (file is null)
        {
            return null;
        }

        long has;
        try
        {
            has = RegionHeader.Read(file, content, size, who);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return RegionMemory.Map(file, RegionLayout.HeaderSize, has, isNew: false, who, path, name, IsLock(content));
    }

    // Held by nobody but us, so that whoever was making these is dead.
    private static void RemoveUnfinished(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*" + Unfinished))
        {
            _ = NativeFile.Unlink(path);
        }
    }

    /// <summary>Keeps others from making and removing what lies in the folder of a path. Disposing the result ends that.</summary>
    /// <exception cref="FairleadException">Unavailable: another process keeps the lock.</exception>
    public static DirectoryLock Lock(string path) => Lock(path, out _);

    // The release is disposing the result.
    private static DirectoryLock Lock(string path, out string folder)
    {
        folder = path[..path.LastIndexOf('/')];
        return DirectoryLock.TryTake(folder, DirectoryLock.Patience, out var error)
            ?? throw (
                error == Errno.None
                    ? new FairleadException(
                        ErrorCode.Unavailable,
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"somebody has kept the lock of the directory {folder} for {DirectoryLock.Patience.TotalSeconds} seconds"),
                        $"See who it is: lsof {folder}")
                    : ErrnoMap.Failure($"the directory {folder} cannot be used", error));
    }

    private static string Describe(string name, RegionContent content) => content switch
    {
        RegionContent.Cell => $"the cell '{name}'",
        RegionContent.Mutex => $"the mutex '{name}'",
        RegionContent.Semaphore => $"the semaphore '{name}'",
        RegionContent.Event => $"the event '{name}'",
        RegionContent.Countdown => $"the countdown '{name}'",
        RegionContent.Condition => $"the condition '{name}'",
        RegionContent.ReaderWriterLock => $"the reader-writer lock '{name}'",
        RegionContent.Barrier => $"the barrier '{name}'",
        RegionContent.Board => $"the board '{name}'",
        _ => $"the region '{name}'",
    };

    private static bool IsLock(RegionContent content) => content is >= RegionContent.Mutex and <= RegionContent.Barrier;

    private static string PathOf(string name, RegionContent content)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is 0 or > LongestName
            || name is "." or ".."
            || name.Any(static c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-')))
        {
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{PlainText.OneLine(name)}' is no name: names are made of 1 to {LongestName} letters, digits, '.', '_' and '-'."),
                nameof(name));
        }

        return $"{RuntimeDirectory.Current().PrepareFolder(IsLock(content) ? LockFolder : Folder)}/{name}";
    }
}
