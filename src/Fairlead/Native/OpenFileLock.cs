namespace Fairlead.Native;

/// <summary>
/// Open-file-description locks: held by an open file, not by a process or a thread, and released by the kernel when its last
/// descriptor closes, hence with the process, however it dies. Others can see that the file is locked without touching the lock.
/// </summary>
/// <remarks>Not for NFS before version 4, and not across a fork without exec, which shares the open file.</remarks>
internal static unsafe class OpenFileLock
{
    /// <summary>Locks the whole file for this open file alone, without waiting; false when another one has it locked.</summary>
    /// <param name="file">Open for writing. The lock goes when it is closed.</param>
    public static bool TryLockWhole(Descriptor file) => TryLock(file, Libc.F_WRLCK);

    /// <summary>Keeps others from locking the whole file, as any number may; false when one has it locked for itself.</summary>
    /// <param name="file">Open for reading. The lock goes when it is closed.</param>
    public static bool TryLockShared(Descriptor file) => TryLock(file, Libc.F_RDLCK);

    /// <summary>
    /// Locks one byte of the file for this open file alone, without waiting; false when another one has it locked. The byte need not exist.
    /// </summary>
    /// <param name="file">Open for writing. The lock goes when it is closed.</param>
    /// <param name="offset">Which byte.</param>
    public static bool TryLockByte(Descriptor file, long offset) =>
        TryLock(
            file,
            new Libc.FileLockRange
            {
                Type = Libc.F_WRLCK,
                Start = offset,
                Length = 1,
            });

    /// <summary>
    /// Keeps others from locking the byte for themselves alone, as any number may; makes one's own lock of the byte a shared one. False
    /// when another one has it for itself.
    /// </summary>
    /// <param name="file">Open for reading. The lock goes when it is closed.</param>
    /// <param name="offset">Which byte; it need not exist.</param>
    public static bool TryShareByte(Descriptor file, long offset) =>
        TryLock(
            file,
            new Libc.FileLockRange
            {
                Type = Libc.F_RDLCK,
                Start = offset,
                Length = 1,
            });

    /// <summary>
    /// The release of <see cref="TryLockByte"/> and <see cref="TryShareByte"/>. Closing the file is one, too, but not at once while a child
    /// that another thread starts has a copy of it, up to its exec.
    /// </summary>
    public static void UnlockByte(Descriptor file, long offset) =>
        Unlock(
            file,
            new Libc.FileLockRange
            {
                Type = Libc.F_UNLCK,
                Start = offset,
                Length = 1,
            });

    /// <summary>The release of <see cref="TryLockWhole"/> and <see cref="TryLockShared"/>, as <see cref="UnlockByte"/>.</summary>
    public static void Unlock(Descriptor file) => Unlock(file, WholeFile(Libc.F_UNLCK));

    /// <summary>Whether another open file, in whichever process, has the byte locked. One's own lock does not count.</summary>
    /// <param name="file">Open for reading or writing.</param>
    /// <param name="offset">Which byte.</param>
    public static bool IsByteLocked(Descriptor file, long offset) =>
        Conflicts(
            file,
            new Libc.FileLockRange
            {
                Type = Libc.F_WRLCK,
                Start = offset,
                Length = 1,
            });

    /// <summary>Whether another open file, in whichever process, holds a lock, shared or not. One's own lock does not count.</summary>
    /// <param name="file">Open for reading or writing.</param>
    public static bool IsLocked(Descriptor file) => Conflicts(file, Libc.F_WRLCK);

    /// <summary>Whether another open file holds the lock for itself alone (<see cref="TryLockWhole"/>).</summary>
    /// <param name="file">Open for reading or writing.</param>
    public static bool IsLockedWhole(Descriptor file) => Conflicts(file, Libc.F_RDLCK);

    private static bool TryLock(Descriptor file, short type) => TryLock(file, WholeFile(type));

    private static bool TryLock(Descriptor file, Libc.FileLockRange range)
    {
        var error = Control(file, Libc.F_OFD_SETLK, &range);
        return error switch
        {
            Errno.None => true,
            Errno.EAGAIN or Errno.EACCES => false,
            _ => throw ErrnoMap.Failure($"cannot lock {file}", error),
        };
    }

    // What has been closed has no lock.
    private static void Unlock(Descriptor file, Libc.FileLockRange range) => _ = Control(file, Libc.F_OFD_SETLK, &range);

    private static bool Conflicts(Descriptor file, short type) => Conflicts(file, WholeFile(type));

    private static bool Conflicts(Descriptor file, Libc.FileLockRange range)
    {
        var error = Control(file, Libc.F_OFD_GETLK, &range);
        return error == Errno.None
            ? range.Type != Libc.F_UNLCK
            : throw ErrnoMap.Failure($"cannot see whether {file} is locked", error);
    }

    // Zero length is up to the end, wherever that moves. The process id must be zero.
    private static Libc.FileLockRange WholeFile(short type) => new() { Type = type };

    private static Errno Control(Descriptor file, int command, Libc.FileLockRange* range)
    {
        Platform.Require();
        if (!file.TryEnter())
        {
            return Errno.EBADF;
        }

        var error = Libc.Control(file.Number, command, range) == 0 ? Errno.None : Libc.LastError;
        file.Exit();
        return error;
    }
}
