using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Registry;

namespace Fairlead.Memory.Backing;

/// <summary>
/// Named and mapped files with a header: regions and cells in the folder "regions" of the runtime directory, locks in another folder.
/// </summary>
internal static class NamedRegion
{
    /// <summary>The folder of regions and cells in the runtime directory.</summary>
    public const string Folder = "regions";

    /// <summary>The folder of locks in the runtime directory.</summary>
    public const string LockFolder = "locks";

    private const int LongestName = 100;

    // Not allowed in names: marks a file in creation, on file systems without unnamed files.
    private const char Unfinished = '~';

    /// <summary>Opens an existing region.</summary>
    /// <exception cref="FairleadException">NotFound, or the name belongs to something else.</exception>
    public static RegionMemory Open(string name, RegionContent content) =>
        Find(PathOf(name, content), name, content, size: null) ?? throw new FairleadException(
            ErrorCode.NotFound, $"{Describe(name, content)} does not exist", "Give a size to make it, or start the program that does.");

    /// <summary>Opens an existing region, or creates it, zeroed.</summary>
    /// <param name="name">The name.</param>
    /// <param name="size">The size of a new region.</param>
    /// <param name="content">The kind.</param>
    /// <param name="fill">Writes the first contents of a new region, behind the header, before others can open it; null: zeroes.</param>
    public static RegionMemory Open(string name, long size, RegionContent content, Func<Descriptor, Errno>? fill = null)
    {
        var path = PathOf(name, content);
        var who = Describe(name, content);

        // A file with the name is complete, and opening it needs no lock. Only creation takes the lock.
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

    /// <summary>Returns whether a region or cell with this name exists; or a lock, for the content of locks.</summary>
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

    /// <summary>Removes the name; processes that have it open keep the memory. False if the name did not exist.</summary>
    /// <exception cref="FairleadException">AlreadyExists: the name belongs to something else. Nothing is removed.</exception>
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
                $"{who} is a file that Fairlead did not create as a region",
                "Fairlead does not remove it: remove it yourself.");
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

    // This process holds the lock: the creators of these files are dead.
    private static void RemoveUnfinished(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*" + Unfinished))
        {
            _ = NativeFile.Unlink(path);
        }
    }

    /// <summary>Keeps other processes from creating and removing files in the folder of a path, until the result is disposed.</summary>
    /// <exception cref="FairleadException">Unavailable: another process keeps the lock.</exception>
    public static DirectoryLock Lock(string path) => Lock(path, out _);

    // Disposing the result releases the lock.
    private static DirectoryLock Lock(string path, out string folder)
    {
        folder = path[..path.LastIndexOf('/')];
        return DirectoryLock.Take(folder);
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
                    $"'{PlainText.OneLine(name)}' is not a valid name: use 1 to {LongestName} letters, digits, '.', '_' and '-'."),
                nameof(name));
        }

        return $"{RuntimeDirectory.Current().PrepareFolder(IsLock(content) ? LockFolder : Folder)}/{name}";
    }
}
