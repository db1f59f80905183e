using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.NamedHandles.Names;

/// <summary>
/// The open file of a named object. The object lives while any process has it open, and the kernel decides that: everyone who has it open
/// holds a shared lock on the file, which ends with the process. Who finds no other lock begins a new object.
/// <code>
///   open, inside the lock of the directory:
///     the exclusive lock can be had    nobody has the object: remove the file; a new one, of zeroes, is the new object
///     it cannot                        the object lives
///     in both cases: keep the shared lock
///   close, inside the lock of the directory:
///     the exclusive lock can be had    nobody else has the object: remove the file
/// </code>
/// The file of a process that was killed stays until its name is used again, or until another object is made in the directory. One process
/// may open an object several times: each time is a lock of its own.
/// </summary>
internal sealed class ObjectFile : IDisposable
{
    /// <summary>The ending of the files of maps.</summary>
    public const string MapEnding = ".map";

    // Files of dead processes that one new object clears away at most.
    private const int SweptAtOnce = 32;

    private static readonly ObjectKind[] Kinds = Enum.GetValues<ObjectKind>();

    private readonly ObjectDirectory _directory;

    private ObjectFile(ObjectDirectory directory, string path, Descriptor file)
    {
        _directory = directory;
        Path = path;
        File = file;
    }

    public string Path { get; }

    /// <summary>Open for reading and writing, with the shared lock. Belongs to this object.</summary>
    public Descriptor File { get; }

    /// <summary>Opens an object, or begins it.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="wish">Whether it must exist, must not, or may.</param>
    /// <param name="size">The size in bytes of an object that is begun; its space is allocated.</param>
    /// <param name="isPrivate">
    /// In the scope of the machine: whether this user alone may open an object that is begun, and no other user's is opened.
    /// </param>
    /// <param name="begin">Called with an object that is begun, before any other process can open it. If it throws, there is none.</param>
    /// <param name="file">The file, where the outcome is Opened or Created. The caller disposes it.</param>
    /// <exception cref="FairleadException">The directory cannot be used, or there is no space.</exception>
    public static ObjectOutcome Open(
        ObjectName name, ObjectKind kind, ObjectWish wish, long size, bool isPrivate, Action<ObjectFile>? begin, out ObjectFile? file) =>
        Open(name, kind, wish, opened => FileSpace.Allocate(opened, size), 0, isPrivate, begin, out file);

    /// <summary>Opens an object, or begins it with content of its own.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="wish">Whether it must exist, must not, or may.</param>
    /// <param name="fill">Gives a new file, which is empty, its space and content. Runs before any other process can open it.</param>
    /// <param name="marks">Permission bits that a new file gets in addition.</param>
    /// <param name="isPrivate">As above.</param>
    /// <param name="begin">As above.</param>
    /// <param name="file">The file, where the outcome is Opened or Created. The caller disposes it.</param>
    /// <exception cref="FairleadException">The directory cannot be used, or there is no space.</exception>
    public static ObjectOutcome Open(
        ObjectName name,
        ObjectKind kind,
        ObjectWish wish,
        Func<Descriptor, Errno> fill,
        uint marks,
        bool isPrivate,
        Action<ObjectFile>? begin,
        out ObjectFile? file)
    {
        file = null;
        ObjectDirectory directory = ObjectDirectory.Of(name.Scope);
        using Descriptor locked = directory.Lock();
        if (HasOther(directory, name, kind))
        {
            return ObjectOutcome.OtherKind;
        }

        string path = PathOf(directory, name, kind);
        Descriptor? found = ObjectDirectory.Open(path, out Errno error);
        if (found is null && error is Errno.EACCES or Errno.EPERM)
        {
            return ObjectOutcome.Denied;
        }

        if (found is not null)
        {
            if (!NativeFile.TryFlock(found))
            {
                return Join(directory, path, found, wish, isPrivate, out file);
            }

            // No process has it open: what is left there is of the dead.
            Errno unlinked = NativeFile.Unlink(path);
            found.Dispose();
            if (isPrivate && unlinked is Errno.EACCES or Errno.EPERM)
            {
                // Another user's file, which that user could open again.
                return ObjectOutcome.Denied;
            }
        }

        if (wish == ObjectWish.OpenExisting)
        {
            return ObjectOutcome.NotFound;
        }

        directory.Sweep(SweptAtOnce);
        ObjectFile made = new(directory, path, directory.Make(path, fill, isPrivate, marks));
        try
        {
            begin?.Invoke(made);
        }
        catch
        {
            // Not by Dispose, which would wait for the lock of the directory.
            _ = NativeFile.Unlink(path);
            made.File.Dispose();
            throw;
        }

        file = made;
        return ObjectOutcome.Created;
    }

    /// <summary>Leaves the object; the last process to leave ends it. Blocks for a moment.</summary>
    public void Dispose()
    {
        if (File.IsClosed)
        {
            // It has ended.
            return;
        }

        using (File)
        {
            try
            {
                using Descriptor locked = _directory.Lock();
                if (NativeFile.TryFlock(File, out _) && IsStillNamed())
                {
                    _ = NativeFile.Unlink(Path);
                }
            }
            catch (FairleadException)
            {
                // Another process holds the directory. The file is left behind, as by a process that was killed.
            }
        }
    }

    /// <summary>Ends the object if no other process has it open. Blocks for a moment.</summary>
    /// <returns>Whether it has ended, and its file is closed. Otherwise the object lives on, and this is open as before.</returns>
    public bool TryEnd()
    {
        using Descriptor locked = _directory.Lock();
        if (NativeFile.TryFlock(File, out _))
        {
            _ = IsStillNamed() ? NativeFile.Unlink(Path) : Errno.None;
            File.Dispose();
            return true;
        }

        // The kernel has dropped the shared lock in the attempt. No process can have noticed: it would hold the lock of the directory.
        Errno error = NativeFile.Flock(File, isShared: true, waits: false);
        return error == Errno.None ? false : throw ErrnoMap.Failure($"cannot lock {Path}", error);
    }

    /// <summary>
    /// Hands over the open file with its lock, which then lasts as long as it is open or mapped anywhere: the descriptor would unlock it
    /// although a view is still mapped. The last to close it leaves the file behind, as a process that was killed does.
    /// </summary>
    public SafeFileHandle Release() => new(File.Release(), ownsHandle: true);

    /// <summary>Removes the file of an object that no process has open any more. Blocks for a moment.</summary>
    /// <param name="directory">The directory of its scope.</param>
    /// <param name="file">The name of the file.</param>
    public static void RemoveIfOver(ObjectDirectory directory, string file)
    {
        using Descriptor locked = directory.Lock();
        string path = $"{directory.Path}/{file}";
        if (NativeFile.Lstat(path) is not null && !IsAlive(path))
        {
            _ = NativeFile.Unlink(path);
        }
    }

    /// <summary>Begins an object at a path that has no file. Inside the lock of the directory.</summary>
    public static ObjectFile Create(ObjectDirectory directory, string path, Func<Descriptor, Errno> fill) =>
        new(directory, path, directory.Make(path, fill, isPrivate: false));

    /// <summary>Opens the living object at a path. Inside the lock of the directory.</summary>
    public static ObjectFile Join(ObjectDirectory directory, string path)
    {
        Descriptor file = ObjectDirectory.Open(path, out Errno error) ?? throw ErrnoMap.Failure($"cannot open {path}", error);
        error = NativeFile.Flock(file, isShared: true, waits: false);
        if (error == Errno.None)
        {
            return new(directory, path, file);
        }

        file.Dispose();
        throw ErrnoMap.Failure($"cannot lock {path}", error);
    }

    /// <summary>Returns whether a living object of a kind has the name. Inside the lock of the directory.</summary>
    public static bool IsLiving(ObjectDirectory directory, ObjectName name, ObjectKind kind) => IsAlive(PathOf(directory, name, kind));

    /// <summary>Returns whether a living object of another kind has the name. Inside the lock of the directory.</summary>
    public static bool HasOther(ObjectDirectory directory, ObjectName name, ObjectKind kind) =>
        Kinds.Any(other => other != kind && IsAlive(PathOf(directory, name, other)));

    /// <summary>Returns the path of an object's file.</summary>
    public static string PathOf(ObjectDirectory directory, ObjectName name, ObjectKind kind) =>
        $"{directory.Path}/{name.FileName()}" + kind switch
        {
            ObjectKind.Mutex => ".mutex",
            ObjectKind.Semaphore => ".semaphore",
            ObjectKind.Event => ".event",
            ObjectKind.MappedFile => ".mapped",
            _ => MapEnding,
        };

    private static ObjectOutcome Join(
        ObjectDirectory directory, string path, Descriptor found, ObjectWish wish, bool isPrivate, out ObjectFile? file)
    {
        file = null;
        bool isOthers = NativeFile.Fstat(found) is not { } status || status.Uid != NativeProcess.UserId;
        if (wish == ObjectWish.CreateNew || (isPrivate && isOthers))
        {
            found.Dispose();
            return wish == ObjectWish.CreateNew ? ObjectOutcome.AlreadyExists : ObjectOutcome.Denied;
        }

        Errno error = NativeFile.Flock(found, isShared: true, waits: false);
        if (error != Errno.None)
        {
            found.Dispose();
            throw ErrnoMap.Failure($"cannot lock {path}", error);
        }

        file = new(directory, path, found);
        return ObjectOutcome.Opened;
    }

    private static bool IsAlive(string path)
    {
        using Descriptor? file = ObjectDirectory.OpenToAsk(path, out Errno error);
        return file is not null ? !NativeFile.TryFlock(file)
            : error is Errno.EACCES or Errno.EPERM
                || (error == Errno.ENOENT ? false : throw ErrnoMap.Failure($"cannot open {path}", error));
    }

    // Another process may have begun a new object of the name, if it saw that this one was over although its file was open.
    private bool IsStillNamed() =>
        NativeFile.Fstat(File) is { } open && NativeFile.Lstat(Path) is { } named && named.IsSameFile(open);
}
