namespace Fairlead.Native.Files;

/// <summary>Files by name, with the kernel's semantics: modes, links and descriptors of directories. Failures are results.</summary>
internal static unsafe class NativeFile
{
    private const uint DefaultMode = 0x180; // 0600

    /// <summary>
    /// Opens a file, closed on exec and non-blocking unless requested otherwise. Null on failure, with the reason in
    /// <paramref name="error"/>.
    /// </summary>
    public static Descriptor? Open(string path, OpenFlags flags, uint mode, out Errno error) =>
        OpenAt(Libc.AT_FDCWD, path, flags, mode, out error);

    /// <inheritdoc cref="Open(string, OpenFlags, uint, out Errno)"/>
    public static Descriptor? Open(string path, OpenFlags flags, out Errno error) =>
        OpenAt(Libc.AT_FDCWD, path, flags, DefaultMode, out error);

    /// <summary>
    /// Like <see cref="Open(string, OpenFlags, uint, out Errno)"/>, with <paramref name="path"/> relative to <paramref name="directory"/>.
    /// </summary>
    public static Descriptor? OpenAt(Descriptor directory, string path, OpenFlags flags, uint mode, out Errno error)
    {
        if (!directory.TryEnter())
        {
            error = Errno.EBADF;
            return null;
        }

        var opened = OpenAt(directory.Number, path, flags, mode, out error);
        directory.Exit();
        return opened;
    }

    /// <summary>
    /// Returns the status of what the path refers to, following links; null if there is nothing or it cannot be accessed.
    /// </summary>
    public static FileStatus? Stat(string path) => Stat(path, out _);

    /// <inheritdoc cref="Stat(string)"/>
    public static FileStatus? Stat(string path, out Errno error) => Status(Libc.AT_FDCWD, path, 0, out error);

    /// <summary>
    /// Returns the status of the path itself, even of a symbolic link; null if there is nothing or it cannot be accessed.
    /// </summary>
    public static FileStatus? Lstat(string path) => Lstat(path, out _);

    /// <inheritdoc cref="Lstat(string)"/>
    public static FileStatus? Lstat(string path, out Errno error) =>
        Status(Libc.AT_FDCWD, path, Libc.AT_SYMLINK_NOFOLLOW, out error);

    /// <summary>Returns the status of an open file; null if it has been closed, or the kernel cannot tell.</summary>
    public static FileStatus? Fstat(Descriptor file) => Fstat(file, out _);

    /// <inheritdoc cref="Fstat(Descriptor)"/>
    public static FileStatus? Fstat(Descriptor file, out Errno error)
    {
        error = Errno.EBADF;
        if (!file.TryEnter())
        {
            return null;
        }

        var status = Status(file.Number, "", Libc.AT_EMPTY_PATH, out error);
        file.Exit();
        return status;
    }

    /// <summary>Returns whether this user may run the file.</summary>
    public static bool MayRun(string path)
    {
        const int Execute = 1;
        using NativeStrings name = new([path]);
        return Libc.Access(name.Pointer[0], Execute) == 0;
    }

    public static Errno Unlink(string path) => IsPath(path) ? Result(Libc.UnlinkAt(Libc.AT_FDCWD, path, 0)) : Errno.EINVAL;

    /// <summary>Renames a file; replaces an existing one at <paramref name="to"/> in one step.</summary>
    public static Errno Rename(string from, string to) =>
        IsPath(from) && IsPath(to) ? Result(Libc.RenameAt(Libc.AT_FDCWD, from, Libc.AT_FDCWD, to)) : Errno.EINVAL;

    /// <summary>Gives a file an additional name, unless the name is taken: EEXIST.</summary>
    public static Errno Link(string from, string to) =>
        IsPath(from) && IsPath(to) ? Result(Libc.LinkAt(Libc.AT_FDCWD, from, Libc.AT_FDCWD, to, 0)) : Errno.EINVAL;

    /// <summary>Gives a name to an unnamed file (<see cref="OpenFlags.Unnamed"/>), unless the name is taken: EEXIST.</summary>
    public static Errno LinkUnnamed(Descriptor file, string to)
    {
        if (!IsPath(to) || !file.TryEnter())
        {
            return Errno.EINVAL;
        }

        var error = Result(Libc.LinkAt(Libc.AT_FDCWD, ProcFiles.Of(file.Number), Libc.AT_FDCWD, to, Libc.AT_SYMLINK_FOLLOW));
        file.Exit();
        return error;
    }

    /// <summary>Reopens an open file: the result is a separate open file, with separate locks and flags.</summary>
    public static Descriptor? Reopen(Descriptor file, OpenFlags flags, out Errno error)
    {
        error = Errno.EBADF;
        if (!file.TryEnter())
        {
            return null;
        }

        var opened = OpenAt(Libc.AT_FDCWD, ProcFiles.Of(file.Number), flags, 0, out error);
        file.Exit();
        return opened;
    }

    /// <summary>Creates a directory; the umask removes bits from <paramref name="mode"/>.</summary>
    public static Errno Mkdir(string path, uint mode) =>
        IsPath(path) ? Result(Libc.MakeDirectoryAt(Libc.AT_FDCWD, path, mode)) : Errno.EINVAL;

    /// <summary>Creates a FIFO, unless the name is taken: EEXIST. The umask removes bits from <paramref name="mode"/>.</summary>
    public static Errno MakeFifo(string path, uint mode) =>
        IsPath(path) ? Result(Libc.MakeFifoAt(Libc.AT_FDCWD, path, mode)) : Errno.EINVAL;

    /// <summary>Sets the permission bits regardless of the umask; follows links.</summary>
    public static Errno Chmod(string path, uint mode) => IsPath(path) ? Result(Libc.ChangeMode(path, mode)) : Errno.EINVAL;

    /// <summary>Sets the permission bits of an open file.</summary>
    public static Errno Fchmod(Descriptor file, uint mode)
    {
        if (!file.TryEnter())
        {
            return Errno.EBADF;
        }

        var error = Result(Libc.ChangeMode(file.Number, mode));
        file.Exit();
        return error;
    }

    /// <summary>Truncates the file, or extends it with a hole that takes no space yet.</summary>
    public static Errno SetLength(Descriptor file, long length)
    {
        if (!file.TryEnter())
        {
            return Errno.EBADF;
        }

        var signal = FileSizeSignal.HoldBack();
        var error = Result(Libc.Truncate(file.Number, length));
        signal.Release(error);
        file.Exit();
        return error;
    }

    /// <summary>Blocks until everything written to the file, also through mappings, is on disk.</summary>
    public static Errno SyncData(Descriptor file)
    {
        if (!file.TryEnter())
        {
            return Errno.EBADF;
        }

        Errno error;
        do
        {
            error = Result(Libc.SyncData(file.Number));
        }
        while (error == Errno.EINTR);

        file.Exit();
        return error;
    }

    /// <summary>Blocks until the names in a directory are on disk.</summary>
    public static Errno SyncDirectory(string path)
    {
        using var directory = Open(path, OpenFlags.ReadOnly | OpenFlags.Directory, out var error);
        if (directory is null)
        {
            return error;
        }

        do
        {
            error = Result(Libc.Sync(directory.Number));
        }
        while (error == Errno.EINTR);

        return error;
    }

    /// <summary>
    /// Takes the whole-file lock of flock(2), of a directory too, without waiting; false if another open file has it. It belongs to the
    /// open file, and ends when this descriptor is closed, at the latest with the process.
    /// </summary>
    public static bool TryFlock(Descriptor file) => TryFlock(file, out Errno error) || (error == Errno.None
        ? false
        : throw ErrnoMap.Failure($"cannot lock {file}", error));

    /// <inheritdoc cref="TryFlock(Descriptor)" path="/summary"/>
    /// <param name="file">The open file.</param>
    /// <param name="error">Why the lock cannot be taken at all; none if another open file has it.</param>
    public static bool TryFlock(Descriptor file, out Errno error)
    {
        error = Errno.EBADF;
        if (file.TryEnter())
        {
            error = Result(Libc.FileLock(file.Number, Libc.LOCK_EX | Libc.LOCK_NB));
            file.IsFlocked |= error == Errno.None;
            file.Exit();
        }

        bool isTaken = error == Errno.None;
        error = error == Errno.EAGAIN ? Errno.None : error;
        return isTaken;
    }

    /// <summary>Takes the whole-file lock of flock(2), like <see cref="TryFlock(Descriptor)"/>, exclusively or shared.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="isShared">Whether other open files may have it shared too.</param>
    /// <param name="waits">Whether to sleep in the kernel until it is free.</param>
    /// <returns>EAGAIN: another open file has it; EINTR: a signal ended the wait.</returns>
    public static Errno Flock(Descriptor file, bool isShared, bool waits)
    {
        if (!file.TryEnter())
        {
            return Errno.EBADF;
        }

        Errno error = Result(
            Libc.FileLock(file.Number, (isShared ? Libc.LOCK_SH : Libc.LOCK_EX) | (waits ? 0 : Libc.LOCK_NB)));
        file.IsFlocked |= error == Errno.None;
        file.Exit();
        return error;
    }

    private static Descriptor? OpenAt(int directory, string path, OpenFlags flags, uint mode, out Errno error)
    {
        error = Errno.EINVAL;
        if (!IsPath(path))
        {
            return null;
        }

        int number;
        do
        {
            number = Libc.OpenAt(directory, path, ToNative(flags), mode);
        }
        while (number < 0 && (error = Libc.LastError) == Errno.EINTR);

        if (number < 0)
        {
            return null;
        }

        error = Errno.None;
        return new Descriptor(number);
    }

    private static FileStatus? Status(int directory, string path, int flags, out Errno error)
    {
        var buffer = default(Libc.StatxBuffer);
        error = IsPath(path) ? Result(Libc.Statx(directory, path, flags, Libc.STATX_BASIC_STATS, &buffer)) : Errno.EINVAL;
        return error == Errno.None ? new FileStatus(in buffer) : null;
    }

    private static Errno Result(int status) => status == 0 ? Errno.None : Libc.LastError;

    // The C library would stop at a NUL, and act on another file than the intended one.
    private static bool IsPath(string path) => !path.Contains('\0');

    private static int ToNative(OpenFlags flags)
    {
        var native = (int)flags & 3 | Libc.O_CLOEXEC | ((flags & OpenFlags.Blocking) == 0 ? Libc.O_NONBLOCK : 0);
        Add(OpenFlags.Create, Libc.O_CREAT);
        Add(OpenFlags.Exclusive, Libc.O_EXCL);
        Add(OpenFlags.Truncate, Libc.O_TRUNC);
        Add(OpenFlags.Append, Libc.O_APPEND);
        Add(OpenFlags.Directory, Libc.O_DIRECTORY);
        Add(OpenFlags.NoFollow, Libc.O_NOFOLLOW);
        Add(OpenFlags.Path, Libc.O_PATH);
        Add(OpenFlags.Unnamed, Libc.O_TMPFILE);
        return native;

        void Add(OpenFlags flag, int bits)
        {
            if ((flags & flag) != 0)
            {
                native |= bits;
            }
        }
    }
}
