using System.Globalization;
using System.IO.MemoryMappedFiles;
using Fairlead.NamedHandles.Names;
using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.NamedHandles.Maps;

/// <summary>Named maps of memory: a file for each, which lives while a process has it open or mapped.</summary>
internal static class NamedMap
{
    private const int InvalidHandle = unchecked((int)0x80070006);
    private const int AlreadyExists = unchecked((int)0x800700B7);

    /// <summary>Opens a map or begins it, as the wish says.</summary>
    /// <param name="mapName">Its name with its prefix.</param>
    /// <param name="wish">Whether it must exist, must not, or may.</param>
    /// <param name="capacity">The size in bytes of a new one.</param>
    /// <param name="access">What the caller wants to do with it.</param>
    /// <param name="options">Whether the memory of a new one is allocated.</param>
    /// <param name="inheritability">Whether a child process inherits the descriptor.</param>
    /// <exception cref="IOException">It exists, or there is no space.</exception>
    /// <exception cref="FileNotFoundException">It does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">Its creator does not allow the access, or it belongs to another user.</exception>
    public static MemoryMappedFile Open(
        string mapName,
        ObjectWish wish,
        long capacity,
        MemoryMappedFileAccess access,
        MemoryMappedFileOptions options,
        HandleInheritability inheritability)
    {
        ObjectName name = ObjectName.Parse(mapName);
        FileMap.Prune();
        MapSweeper.Begin(name.Scope);
        long size = WholePages(capacity);
        bool isDelayed = (options & MemoryMappedFileOptions.DelayAllocatePages) != 0;
        while (true)
        {
            ObjectOutcome outcome = ObjectFile.Open(
                name,
                ObjectKind.Map,
                wish,
                file => isDelayed ? Reserve(file, size) : FileSpace.Allocate(file, size),
                MapProtection.Marks(access),
                isPrivate: false,
                begin: null,
                out ObjectFile? opened);
            switch (outcome)
            {
                case ObjectOutcome.Created:
                    return Map(opened!, access, inheritability);

                case ObjectOutcome.Opened:
                    return MapExisting(opened!, mapName, access, inheritability);

                case ObjectOutcome.Denied:
                    throw new UnauthorizedAccessException(
                        $"Access to the map '{mapName}' is denied: another user has it. Use a name without Global\\, or ask that user.");

                case ObjectOutcome.AlreadyExists:
                    throw Exists(mapName);

                default:
                    // Perhaps a file has the name.
                    if (TryOpenFile(name, mapName, wish, outcome, access, inheritability) is { } map)
                    {
                        return map;
                    }

                    break;
            }
        }
    }

    /// <summary>The name belongs to a map already.</summary>
    public static IOException Exists(string mapName) =>
        new($"A map of the name '{mapName}' exists already. Open it with OpenExisting, or use CreateOrOpen.", AlreadyExists);

    /// <summary>The name belongs to an object of another kind.</summary>
    public static IOException OtherKind(string mapName) =>
        new($"The name '{mapName}' belongs to a mutex, a semaphore or an event, and cannot be that of a map too.", InvalidHandle);

    /// <summary>Makes the platform's object of an open file, which it owns from now on.</summary>
    public static MemoryMappedFile Map(
        Microsoft.Win32.SafeHandles.SafeFileHandle file, MemoryMappedFileAccess access, HandleInheritability inheritability)
    {
        try
        {
            // To write only is the access of a view; the object itself reads too, as on Windows.
            MemoryMappedFileAccess whole = access == MemoryMappedFileAccess.Write ? MemoryMappedFileAccess.ReadWrite : access;
            return MemoryMappedFile.CreateFromFile(file, null, 0, whole, inheritability, leaveOpen: false);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static MemoryMappedFile MapExisting(
        ObjectFile opened, string mapName, MemoryMappedFileAccess access, HandleInheritability inheritability)
    {
        try
        {
            MapProtection.Check(NativeFile.Fstat(opened.File)?.Mode ?? 0, access, mapName);
        }
        catch
        {
            opened.Dispose();
            throw;
        }

        return Map(opened, access, inheritability);
    }

    private static MemoryMappedFile Map(ObjectFile opened, MemoryMappedFileAccess access, HandleInheritability inheritability) =>
        Map(opened.Release(), access, inheritability);

    private static MemoryMappedFile? TryOpenFile(
        ObjectName name,
        string mapName,
        ObjectWish wish,
        ObjectOutcome outcome,
        MemoryMappedFileAccess access,
        HandleInheritability inheritability)
    {
        if (FileMap.TryOpen(name, mapName, wish == ObjectWish.CreateNew, access, inheritability, out bool isOther) is { } map)
        {
            return map;
        }

        if (outcome == ObjectOutcome.NotFound)
        {
            throw new FileNotFoundException($"There is no map of the name '{mapName}': no process has one open.", mapName);
        }

        // Otherwise the other object has just ended: try again.
        return isOther ? throw OtherKind(mapName) : null;
    }

    // A full file system is an error here, and not the end of the process at the first touch, unless another program fills it later.
    private static Errno Reserve(Descriptor file, long size)
    {
        Errno error = FileSpace.Free(file) is { } free && free < size ? Errno.ENOSPC : Errno.None;
        return error == Errno.None ? NativeFile.SetLength(file, size) : error;
    }

    private static long WholePages(long capacity)
    {
        long page = Environment.SystemPageSize;
        return capacity <= long.MaxValue - page
            ? (capacity + page - 1) / page * page
            : throw new IOException(
                string.Create(CultureInfo.InvariantCulture, $"A map of {capacity} bytes exceeds the address space of the process."));
    }
}
