using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Fairlead.Registry;

namespace Fairlead.NamedHandles.Names;

/// <summary>
/// A directory with the files of named objects: one of the user, below the runtime directory, and one of the machine, in which every user
/// may create files and only their owner may remove them.
/// </summary>
internal sealed class ObjectDirectory
{
    private const string Folder = "handles";
    private const string MachineFolder = "/dev/shm/fairlead-handles";
    private const string LockFile = ".lock";
    private const uint AllButRemoving = 0b001_111_111_111;
    private const uint AllMayWrite = 0b110_110_110;

    private readonly uint _fileMode;

    private ObjectDirectory(string path, uint fileMode)
    {
        Path = path;
        _fileMode = fileMode;
    }

    public string Path { get; }

    /// <summary>Finds, makes and checks the directory of a scope.</summary>
    /// <exception cref="FairleadException">PermissionDenied: it is not safe to use. Unavailable: it cannot be made.</exception>
    public static ObjectDirectory Of(ObjectScope scope) =>
        scope == ObjectScope.User
            ? new(RuntimeDirectory.Current().PrepareFolder(Folder), RuntimeDirectory.PrivateFile)
            : new(PrepareMachineFolder(), AllMayWrite);

    /// <summary>Keeps other processes from opening and closing objects, until the result is disposed. Blocks for a moment.</summary>
    /// <exception cref="FairleadException">Unavailable: another process keeps the lock, or it cannot be made.</exception>
    public Descriptor Lock()
    {
        string path = $"{Path}/{LockFile}";
        while (true)
        {
            Descriptor file = OpenOrMake(path, _fileMode);
            bool isOwner = false;
            try
            {
                if (!DirectoryLock.TryLock(file, DirectoryLock.Patience, TimeProvider.System, out Errno error))
                {
                    throw DirectoryLock.NotTaken(Path, path, error);
                }

                // If the file was replaced in the meantime, its lock excludes no process that opens the path.
                isOwner = DirectoryLock.IsNamed(file, path);
                if (isOwner)
                {
                    return file;
                }
            }
            finally
            {
                if (!isOwner)
                {
                    file.Dispose();
                }
            }
        }
    }

    /// <summary>Opens a file of this directory for reading and writing, or makes it. Inside the lock, or for the lock itself.</summary>
    /// <remarks>The kernel refuses O_CREAT for another user's file in a directory with the sticky bit, so this asks twice.</remarks>
    public static Descriptor OpenOrMake(string path, uint mode)
    {
        while (true)
        {
            if (Open(path, out Errno error) is { } found)
            {
                return found;
            }

            if (error != Errno.ENOENT)
            {
                throw ErrnoMap.Failure($"cannot open {path}", error);
            }

            Descriptor? made = NativeFile.Open(
                path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow, mode, out error);
            if (made is not null)
            {
                // The umask may have removed permissions.
                _ = NativeFile.Fchmod(made, mode);
                return made;
            }

            if (error != Errno.EEXIST)
            {
                throw ErrnoMap.Failure($"cannot make {path}", error);
            }
        }
    }

    /// <summary>Makes the file of a new object, with the shared lock. Inside the lock.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="fill">Gives the new file, which is empty, its space and content.</param>
    /// <param name="isPrivate">Whether other users may not open it.</param>
    /// <param name="marks">Permission bits that it gets in addition.</param>
    /// <exception cref="FairleadException">Full: there is no space. Nothing is left behind.</exception>
    public Descriptor Make(string path, Func<Descriptor, Errno> fill, bool isPrivate, uint marks = 0)
    {
        Descriptor file = OpenOrMake(path, (isPrivate ? RuntimeDirectory.PrivateFile : _fileMode) | marks);
        Errno error = NativeFile.Flock(file, isShared: true, waits: false);

        // Another user's file of a dead object, which only that user may remove, is emptied instead.
        error = error == Errno.None && NativeFile.Fstat(file) is { Size: > 0 } ? NativeFile.SetLength(file, 0) : error;
        error = error == Errno.None ? fill(file) : error;
        if (error == Errno.None)
        {
            return file;
        }

        _ = NativeFile.Unlink(path);
        file.Dispose();
        throw ErrnoMap.Failure($"cannot give {path} its space", error);
    }

    /// <summary>Opens an existing file for reading and writing; null with the error.</summary>
    public static Descriptor? Open(string path, out Errno error) =>
        NativeFile.Open(path, OpenFlags.ReadWrite | OpenFlags.NoFollow, out error);

    /// <summary>Opens an existing file to ask for its lock; null with the error. Closing it is no event for watchers of writers.</summary>
    public static Descriptor? OpenToAsk(string path, out Errno error) =>
        NativeFile.Open(path, OpenFlags.ReadOnly | OpenFlags.NoFollow, out error);

    /// <summary>Removes the files of objects that no process has open. Inside the lock.</summary>
    /// <param name="most">How many files to look at; a directory full of living objects must not slow every new one down.</param>
    public void Sweep(int most)
    {
        IEnumerable<string> files = Directory.EnumerateFiles(Path).Where(static path => !path.EndsWith(LockFile, StringComparison.Ordinal));
        foreach (string path in files.Take(most))
        {
            using Descriptor? file = OpenToAsk(path, out _);
            if (file is not null && NativeFile.TryFlock(file, out _))
            {
                _ = NativeFile.Unlink(path);
            }
        }
    }

    private static string PrepareMachineFolder()
    {
        Errno error = NativeFile.Mkdir(MachineFolder, AllButRemoving);
        if (error == Errno.None)
        {
            _ = NativeFile.Chmod(MachineFolder, AllButRemoving);
        }

        // The sticky bit keeps users from replacing files of others. The owner of the directory may replace them all the same. An object
        // for one user only is safe, because the owner of its file is checked.
        return NativeFile.Lstat(MachineFolder) is { Kind: FileKind.Directory } status && (status.Mode & AllButRemoving) == AllButRemoving
            ? MachineFolder
            : throw new FairleadException(
                ErrorCode.Unavailable,
                $"{MachineFolder}, the directory of the names with Global\\, is not a directory that every user may write to",
                $"Make it as the superuser: mkdir -m 1777 {MachineFolder}");
    }
}
