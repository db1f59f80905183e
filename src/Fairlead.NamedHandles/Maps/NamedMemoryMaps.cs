using System.IO.MemoryMappedFiles;
using Fairlead.NamedHandles.Maps;
using Fairlead.NamedHandles.Names;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.NamedHandles;

/// <summary>The static methods of <see cref="MemoryMappedFile"/> with the name of a map, which throw on Linux.</summary>
/// <remarks>
/// A named map lives while a process has it open, or a view of it mapped. It begins with zeroes. Programs of one user share its name; with
/// the prefix <c>Global\</c>, all users of the machine do. Sizes are rounded up to whole pages. The result is the platform's own object.
/// </remarks>
public static class NamedMemoryMaps
{
    private const MemoryMappedFileAccess Default = MemoryMappedFileAccess.ReadWrite;

    /// <summary>Creates a map for reading and writing, of a name that no map has.</summary>
    /// <param name="mapName">The name; null for a map without one.</param>
    /// <param name="capacity">The size in bytes.</param>
    /// <returns>The map, which the caller disposes.</returns>
    public static MemoryMappedFile CreateNew(string? mapName, long capacity) => CreateNew(mapName, capacity, Default);

    /// <summary>Creates a map of a name that no map has.</summary>
    /// <param name="mapName">The name; null for a map without one.</param>
    /// <param name="capacity">The size in bytes.</param>
    /// <param name="access">What this process may do with the map, and at most what those that open it may.</param>
    /// <returns>The map, which the caller disposes.</returns>
    public static MemoryMappedFile CreateNew(string? mapName, long capacity, MemoryMappedFileAccess access) =>
        CreateNew(mapName, capacity, access, MemoryMappedFileOptions.None, HandleInheritability.None);

    /// <summary>Creates a map of a name that no map has.</summary>
    /// <param name="mapName">The name; null for a map without one.</param>
    /// <param name="capacity">The size in bytes.</param>
    /// <param name="access">What this process may do with the map, and at most what those that open it may.</param>
    /// <param name="options">
    /// None: the memory is allocated now. <see cref="MemoryMappedFileOptions.DelayAllocatePages"/>: only the free space is checked now. If
    /// other programs fill the file system later, the first touch of a page ends the process.
    /// </param>
    /// <param name="inheritability">Whether a child process inherits the descriptor.</param>
    /// <returns>The map, which the caller disposes.</returns>
    /// <exception cref="ArgumentException">The name is invalid, or the access is to write only.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is not positive, or another argument is unknown.</exception>
    /// <exception cref="IOException">The name exists, or there is no space.</exception>
    public static MemoryMappedFile CreateNew(
        string? mapName,
        long capacity,
        MemoryMappedFileAccess access,
        MemoryMappedFileOptions options,
        HandleInheritability inheritability)
    {
        if (mapName is null)
        {
            return MemoryMappedFile.CreateNew(null, capacity, access, options, inheritability);
        }

        ArgumentException.ThrowIfNullOrEmpty(mapName);
        MapProtection.CheckCapacity(capacity);
        MapProtection.CheckAccess(access);
        MapProtection.CheckOptions(options);
        MapProtection.CheckInheritability(inheritability);
        return NamedMap.Open(mapName, ObjectWish.CreateNew, capacity, access, options, inheritability);
    }

    /// <summary>Opens a map for reading and writing, or creates it.</summary>
    /// <param name="mapName">The name.</param>
    /// <param name="capacity">The size in bytes of a new map; one that exists keeps its size.</param>
    /// <returns>The map, which the caller disposes.</returns>
    public static MemoryMappedFile CreateOrOpen(string mapName, long capacity) => CreateOrOpen(mapName, capacity, Default);

    /// <summary>Opens a map, or creates it.</summary>
    /// <param name="mapName">The name.</param>
    /// <param name="capacity">The size in bytes of a new map; one that exists keeps its size.</param>
    /// <param name="access">What this process may do with the map.</param>
    /// <returns>The map, which the caller disposes.</returns>
    public static MemoryMappedFile CreateOrOpen(string mapName, long capacity, MemoryMappedFileAccess access) =>
        CreateOrOpen(mapName, capacity, access, MemoryMappedFileOptions.None, HandleInheritability.None);

    /// <summary>Opens a map, or creates it. If several processes call this at the same time, one of them creates it.</summary>
    /// <param name="mapName">The name.</param>
    /// <param name="capacity">The size in bytes of a new map; one that exists keeps its size.</param>
    /// <param name="access">
    /// What this process may do with the map. With <see cref="MemoryMappedFileAccess.Write"/> the map must exist.
    /// </param>
    /// <param name="options">Whether the memory of a new map is allocated now.</param>
    /// <param name="inheritability">Whether a child process inherits the descriptor.</param>
    /// <returns>The map, which the caller disposes.</returns>
    /// <exception cref="ArgumentException">The name is invalid.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is not positive, or another argument is unknown.</exception>
    /// <exception cref="IOException">There is no space, or the name belongs to an object of another kind.</exception>
    /// <exception cref="UnauthorizedAccessException">The creator of the map does not allow the access.</exception>
    public static MemoryMappedFile CreateOrOpen(
        string mapName,
        long capacity,
        MemoryMappedFileAccess access,
        MemoryMappedFileOptions options,
        HandleInheritability inheritability)
    {
        ArgumentException.ThrowIfNullOrEmpty(mapName);
        MapProtection.CheckCapacity(capacity);
        MapProtection.CheckAccess(access, mayBeWrite: true);
        MapProtection.CheckOptions(options);
        MapProtection.CheckInheritability(inheritability);
        ObjectWish wish = access == MemoryMappedFileAccess.Write ? ObjectWish.OpenExisting : ObjectWish.OpenOrCreate;
        return NamedMap.Open(mapName, wish, capacity, access, options, inheritability);
    }

    /// <summary>Opens a map for reading and writing.</summary>
    /// <param name="mapName">The name.</param>
    /// <returns>The map, which the caller disposes.</returns>
    public static MemoryMappedFile OpenExisting(string mapName) => OpenExisting(mapName, MemoryMappedFileRights.ReadWrite);

    /// <summary>Opens a map.</summary>
    /// <param name="mapName">The name.</param>
    /// <param name="desiredAccessRights">What this process may do with the map.</param>
    /// <returns>The map, which the caller disposes.</returns>
    public static MemoryMappedFile OpenExisting(string mapName, MemoryMappedFileRights desiredAccessRights) =>
        OpenExisting(mapName, desiredAccessRights, HandleInheritability.None);

    /// <summary>Opens a map.</summary>
    /// <param name="mapName">The name.</param>
    /// <param name="desiredAccessRights">What this process may do with the map.</param>
    /// <param name="inheritability">Whether a child process inherits the descriptor.</param>
    /// <returns>The map, which the caller disposes.</returns>
    /// <exception cref="ArgumentException">The name is invalid.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is unknown.</exception>
    /// <exception cref="FileNotFoundException">No process has a map of this name open.</exception>
    /// <exception cref="UnauthorizedAccessException">The creator of the map does not allow the access.</exception>
    /// <exception cref="IOException">
    /// The name belongs to an object of another kind, or to a file that was replaced at its path.
    /// </exception>
    public static MemoryMappedFile OpenExisting(
        string mapName, MemoryMappedFileRights desiredAccessRights, HandleInheritability inheritability)
    {
        ArgumentException.ThrowIfNullOrEmpty(mapName);
        MapProtection.CheckInheritability(inheritability);
        MemoryMappedFileAccess access = MapProtection.AccessOf(desiredAccessRights);
        return NamedMap.Open(mapName, ObjectWish.OpenExisting, 1, access, MemoryMappedFileOptions.None, inheritability);
    }

    /// <summary>Maps a file for reading and writing, under a name.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="mode">Whether the file must exist.</param>
    /// <param name="mapName">The name; null for a map without one.</param>
    /// <returns>The map, which the caller disposes.</returns>
    public static MemoryMappedFile CreateFromFile(string path, FileMode mode, string? mapName) => CreateFromFile(path, mode, mapName, 0);

    /// <summary>Maps a file for reading and writing, under a name.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="mode">Whether the file must exist.</param>
    /// <param name="mapName">The name; null for a map without one.</param>
    /// <param name="capacity">The size in bytes, to which the file is extended; 0 for the size that it has.</param>
    /// <returns>The map, which the caller disposes.</returns>
    public static MemoryMappedFile CreateFromFile(string path, FileMode mode, string? mapName, long capacity) =>
        CreateFromFile(path, mode, mapName, capacity, Default);

    /// <summary>Maps a file under a name, by which other processes map the same file.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="mode">Whether the file must exist.</param>
    /// <param name="mapName">The name; null for a map without one.</param>
    /// <param name="capacity">The size in bytes, to which the file is extended; 0 for the size that it has.</param>
    /// <param name="access">What this process may do with the map, and at most what those that open it may.</param>
    /// <returns>The map, which the caller disposes.</returns>
    /// <exception cref="ArgumentException">An argument is invalid, or the file is empty and the capacity 0.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is smaller than the file.</exception>
    /// <exception cref="IOException">The name exists, or the file cannot be opened.</exception>
    public static MemoryMappedFile CreateFromFile(
        string path, FileMode mode, string? mapName, long capacity, MemoryMappedFileAccess access)
    {
        if (mapName is null)
        {
            return MemoryMappedFile.CreateFromFile(path, mode, null, capacity, access);
        }

        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(mapName);
        _ = ObjectName.Parse(mapName);
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        MapProtection.CheckAccess(access);
        if (mode is FileMode.Append or FileMode.Truncate)
        {
            throw new ArgumentException($"A file cannot be mapped with FileMode.{mode}.", nameof(mode));
        }

        bool isOld = File.Exists(path);
        bool isReading = access is MemoryMappedFileAccess.Read or MemoryMappedFileAccess.ReadExecute;
        FileStream file = new(path, mode, isReading ? FileAccess.Read : FileAccess.ReadWrite, FileShare.Read, 1);
        try
        {
            return CreateFromFile(file, mapName, capacity, access, HandleInheritability.None, leaveOpen: false);
        }
        catch
        {
            file.Dispose();
            if (!isOld)
            {
                // As the platform does: the file was made for a map that there is not going to be.
                File.Delete(path);
            }

            throw;
        }
    }

    /// <summary>Maps an open file under a name.</summary>
    /// <param name="fileStream">The file.</param>
    /// <param name="mapName">The name; null for a map without one.</param>
    /// <param name="capacity">The size in bytes, to which the file is extended; 0 for the size that it has.</param>
    /// <param name="access">What this process may do with the map, and at most what those that open it may.</param>
    /// <param name="inheritability">Whether a child process inherits the descriptor.</param>
    /// <param name="leaveOpen">Whether the stream stays open when the map is disposed.</param>
    /// <returns>The map, which the caller disposes.</returns>
    /// <exception cref="ArgumentException">An argument is invalid, or the file is empty and the capacity 0.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is smaller than the file.</exception>
    /// <exception cref="IOException">The name exists. The stream is closed then, unless it was to stay open.</exception>
    public static MemoryMappedFile CreateFromFile(
        FileStream fileStream,
        string? mapName,
        long capacity,
        MemoryMappedFileAccess access,
        HandleInheritability inheritability,
        bool leaveOpen)
    {
        if (mapName is null)
        {
            return MemoryMappedFile.CreateFromFile(fileStream, null, capacity, access, inheritability, leaveOpen);
        }

        ArgumentNullException.ThrowIfNull(fileStream);
        ArgumentException.ThrowIfNullOrEmpty(mapName);
        fileStream.Flush();
        return leaveOpen
            ? MapCopy(fileStream.SafeFileHandle, fileStream.Name, mapName, capacity, access, inheritability)
            : Named(
                MemoryMappedFile.CreateFromFile(fileStream, null, capacity, access, inheritability, leaveOpen: false),
                fileStream.SafeFileHandle,
                fileStream.Name,
                mapName,
                access);
    }

    /// <summary>Maps an open file under a name.</summary>
    /// <param name="fileHandle">The file.</param>
    /// <param name="mapName">The name; null for a map without one.</param>
    /// <param name="capacity">The size in bytes, to which the file is extended; 0 for the size that it has.</param>
    /// <param name="access">What this process may do with the map, and at most what those that open it may.</param>
    /// <param name="inheritability">Whether a child process inherits the descriptor.</param>
    /// <param name="leaveOpen">Whether the handle stays open when the map is disposed.</param>
    /// <returns>The map, which the caller disposes.</returns>
    /// <exception cref="ArgumentException">An argument is invalid, or the file is empty and the capacity 0.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is smaller than the file.</exception>
    /// <exception cref="IOException">The name exists. The handle is closed then, unless it was to stay open.</exception>
    public static MemoryMappedFile CreateFromFile(
        SafeFileHandle fileHandle,
        string? mapName,
        long capacity,
        MemoryMappedFileAccess access,
        HandleInheritability inheritability,
        bool leaveOpen)
    {
        if (mapName is null)
        {
            return MemoryMappedFile.CreateFromFile(fileHandle, null, capacity, access, inheritability, leaveOpen);
        }

        ArgumentNullException.ThrowIfNull(fileHandle);
        ArgumentException.ThrowIfNullOrEmpty(mapName);
        string path = PathOf(fileHandle);
        return leaveOpen
            ? MapCopy(fileHandle, path, mapName, capacity, access, inheritability)
            : Named(
                MemoryMappedFile.CreateFromFile(fileHandle, null, capacity, access, inheritability, leaveOpen: false),
                fileHandle,
                path,
                mapName,
                access);
    }

    // The name must end with the map, and not with a handle that stays open: so the map gets an open file of its own.
    private static MemoryMappedFile MapCopy(
        SafeFileHandle file, string path, string mapName, long capacity, MemoryMappedFileAccess access, HandleInheritability inheritability)
    {
        MapProtection.CheckAccess(access);
        bool isReading = access is MemoryMappedFileAccess.Read or MemoryMappedFileAccess.ReadExecute or MemoryMappedFileAccess.CopyOnWrite;
        OpenFlags flags = isReading ? OpenFlags.ReadOnly : OpenFlags.ReadWrite;
        using Descriptor? copy = NativeSpawn.Duplicate((int)file.DangerousGetHandle(), lowest: 0, out Errno error);
        Descriptor reopened = (copy is null ? null : NativeFile.Reopen(copy, flags, out error))
            ?? throw (error is Errno.EACCES or Errno.EPERM
                ? new UnauthorizedAccessException($"Access to {path} is denied with {access} ({ErrnoMap.Describe(error)}).")
                : ErrnoMap.Failure($"cannot open {path} once more", error));
        SafeFileHandle own = new(reopened.Release(), ownsHandle: true);
        try
        {
            return Named(
                MemoryMappedFile.CreateFromFile(own, null, capacity, access, inheritability, leaveOpen: false), own, path, mapName, access);
        }
        catch
        {
            own.Dispose();
            throw;
        }
    }

    private static MemoryMappedFile Named(
        MemoryMappedFile map, SafeFileHandle file, string path, string mapName, MemoryMappedFileAccess access)
    {
        try
        {
            FileMap.Publish(mapName, file, path, access);
            return map;
        }
        catch
        {
            map.Dispose();
            throw;
        }
    }

    private static string PathOf(SafeFileHandle file) =>
        new FileInfo(ProcFiles.Of((int)file.DangerousGetHandle())).LinkTarget
            ?? throw new IOException("The path of the file is unknown: /proc is not mounted.");
}
