using System.IO.MemoryMappedFiles;
using Fairlead.NamedHandles.Names;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Fairlead.Registry;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.NamedHandles.Maps;

/// <summary>
/// Named maps of files. The object of the name says which file it is, and an opener maps that file.
/// <code>
///   the object's file   flock, shared, of each process that has used the name    none: the map is over
///   the mapped file     a byte far behind its end, locked by each map of it      none: the map is over
/// </code>
/// The second lock belongs to the open file that is mapped, so it lasts as long as a view. If the path of the mapped file means another
/// file, no process can ask for that lock: then the name lives as long as the processes of the first lock.
/// </summary>
internal static class FileMap
{
    // The last byte that can be locked. Other programs lock it only with the whole file.
    private const long LockedByte = long.MaxValue - 1;

    private static readonly RankedLock Gate = new(LockRank.FileMaps);

    // The objects that this process has used, until their maps are over.
    private static readonly List<ObjectFile> Used = [];

    /// <summary>Gives a name to the map of an open file.</summary>
    /// <param name="mapName">The name with its prefix.</param>
    /// <param name="file">The file whose open file description is mapped, and is going to be locked.</param>
    /// <param name="path">Its path.</param>
    /// <param name="access">What the openers of the name may do.</param>
    /// <exception cref="IOException">The name exists.</exception>
    public static void Publish(string mapName, SafeFileHandle file, string path, MemoryMappedFileAccess access)
    {
        ObjectName name = ObjectName.Parse(mapName);
        Prune();
        ObjectDirectory directory = ObjectDirectory.Of(name.Scope);
        using Descriptor mapped = Copy(file);
        FileStatus status = NativeFile.Fstat(mapped, out Errno error) ?? throw ErrnoMap.Failure($"cannot inspect {path}", error);
        FileMapRecord record = new(FileIdentity.Of(status), MapProtection.Marks(access), Path.GetFullPath(path));
        using Descriptor locked = directory.Lock();
        if (ObjectFile.HasOther(directory, name, ObjectKind.MappedFile))
        {
            throw ObjectFile.IsLiving(directory, name, ObjectKind.Map) ? NamedMap.Exists(mapName) : NamedMap.OtherKind(mapName);
        }

        string place = ObjectFile.PathOf(directory, name, ObjectKind.MappedFile);
        if (IsAlive(place))
        {
            throw NamedMap.Exists(mapName);
        }

        _ = NativeFile.Unlink(place);
        if (!OpenFileLock.TryShareByte(mapped, LockedByte))
        {
            throw new IOException($"The map '{mapName}' cannot be created: another program has locked the whole of {path}.");
        }

        Keep(ObjectFile.Create(directory, place, record.Write));
    }

    /// <summary>Opens the file of a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="mapName">The name with its prefix.</param>
    /// <param name="isNew">Whether it must not exist.</param>
    /// <param name="access">What the caller wants to do with it.</param>
    /// <param name="inheritability">Whether a child process inherits the descriptor.</param>
    /// <param name="isOther">Whether the name belongs to an object of another kind.</param>
    /// <returns>Null if no file has the name.</returns>
    /// <exception cref="IOException">It exists and must not, or the path no longer means the file that was mapped.</exception>
    /// <exception cref="UnauthorizedAccessException">The file, or its creator, does not allow the access.</exception>
    public static MemoryMappedFile? TryOpen(
        ObjectName name,
        string mapName,
        bool isNew,
        MemoryMappedFileAccess access,
        HandleInheritability inheritability,
        out bool isOther)
    {
        ObjectDirectory directory = ObjectDirectory.Of(name.Scope);
        using Descriptor locked = directory.Lock();
        isOther = ObjectFile.HasOther(directory, name, ObjectKind.MappedFile);
        string place = ObjectFile.PathOf(directory, name, ObjectKind.MappedFile);
        if (isOther || NativeFile.Lstat(place) is null)
        {
            return null;
        }

        if (!IsAlive(place))
        {
            _ = NativeFile.Unlink(place);
            return null;
        }

        if (isNew)
        {
            throw NamedMap.Exists(mapName);
        }

        ObjectFile opened = ObjectFile.Join(directory, place);
        try
        {
            SafeFileHandle file = OpenMapped(opened, mapName, access);
            Keep(opened);
            return NamedMap.Map(file, access, inheritability);
        }
        catch
        {
            // Inside the lock, so not by Dispose, which takes it.
            opened.File.Dispose();
            throw;
        }
    }

    /// <summary>Lets go of the objects whose maps are over.</summary>
    public static void Prune()
    {
        List<ObjectFile> over;
        using (Gate.Hold())
        {
            over = Used.FindAll(static used => IsOver(used.File));
            _ = Used.RemoveAll(over.Contains);
        }

        over.ForEach(static used => used.Dispose());
    }

    // Inside the lock of the directory. One descriptor for each object, however often it is opened.
    private static void Keep(ObjectFile used)
    {
        using (Gate.Hold())
        {
            if (!Used.Exists(one => one.Path == used.Path && IsSame(one.File, used.File)))
            {
                Used.Add(used);
                return;
            }
        }

        used.File.Dispose();
    }

    private static bool IsSame(Descriptor one, Descriptor other) =>
        NativeFile.Fstat(one) is { } status && NativeFile.Fstat(other) is { } otherStatus && status.IsSameFile(otherStatus);

    private static SafeFileHandle OpenMapped(ObjectFile opened, string mapName, MemoryMappedFileAccess access)
    {
        FileMapRecord record = FileMapRecord.Read(opened.File)
            ?? throw new IOException($"The object of the map '{mapName}', {opened.Path}, is damaged.");
        MapProtection.Check(record.Marks, access, mapName);
        Descriptor file = record.OpenFile(MapProtection.CanWrite(access) ? OpenFlags.ReadWrite : OpenFlags.ReadOnly, out Errno error)
            ?? throw Unopened(mapName, record.Path, error);
        if (!OpenFileLock.TryShareByte(file, LockedByte))
        {
            file.Dispose();
            throw new IOException($"The map '{mapName}' cannot be opened: another program has locked the whole of {record.Path}.");
        }

        return new SafeFileHandle(file.Release(), ownsHandle: true);
    }

    private static Exception Unopened(string mapName, string path, Errno error) => error switch
    {
        Errno.EACCES or Errno.EPERM or Errno.EROFS => new UnauthorizedAccessException(
            $"Access to the map '{mapName}' is denied: {path} may not be opened with this access ({ErrnoMap.Describe(error)})."),
        _ => new IOException(
            $"The map '{mapName}' cannot be opened: {path} is not the file that was mapped. That one was replaced, moved or deleted. "
                + "End the processes that have it mapped, or give the new file another name."),
    };

    /// <summary>Returns whether the map of an object is alive. Inside the lock of the directory.</summary>
    private static bool IsAlive(string place)
    {
        using Descriptor? file = ObjectDirectory.Open(place, out Errno error);
        return file is null ? error is not Errno.ENOENT : !NativeFile.TryFlock(file) && !IsOver(file);
    }

    /// <summary>Returns whether no process maps the file of an object. False if that cannot be determined.</summary>
    private static bool IsOver(Descriptor opened)
    {
        using Descriptor? mapped = FileMapRecord.Read(opened)?.OpenFile(OpenFlags.ReadOnly, out _);
        return mapped is not null && !OpenFileLock.IsByteLocked(mapped, LockedByte);
    }

    private static Descriptor Copy(SafeFileHandle file) =>
        NativeSpawn.Duplicate((int)file.DangerousGetHandle(), lowest: 0, out Errno error)
            ?? throw ErrnoMap.Failure("cannot copy the handle of the file", error);
}
