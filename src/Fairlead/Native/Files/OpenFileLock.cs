namespace Fairlead.Native.Files;

/// <summary>
/// Open-file-description locks. An open file holds them, not a process or a thread. The kernel releases them when the last descriptor
/// closes, hence with the process, however it dies. Other processes can test the lock without touching it.
/// </summary>
/// <remarks>Not for NFS before version 4, and not across a fork without exec, which shares the open file.</remarks>
internal static unsafe class OpenFileLock
{
    /// <summary>Locks the whole file exclusively, without waiting; false if another open file has a lock.</summary>
    /// <param name="file">Open for writing. The lock ends when it is closed.</param>
    public static bool TryLockWhole(Descriptor file) => TryLock(file, Libc.F_WRLCK);

    /// <summary>Locks the whole file in shared mode; false if another open file has it exclusively.</summary>
    /// <param name="file">Open for reading. The lock ends when it is closed.</param>
    public static bool TryLockShared(Descriptor file) => TryLock(file, Libc.F_RDLCK);

    /// <summary>
    /// Locks one byte of the file exclusively, without waiting; false if another open file has it locked. The byte need not exist.
    /// </summary>
    /// <param name="file">Open for writing. The lock ends when it is closed.</param>
    /// <param name="offset">The offset of the byte.</param>
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
    /// Locks one byte in shared mode, or converts this file's own lock of the byte to a shared one. False if another open file has it
    /// exclusively.
    /// </summary>
    /// <param name="file">Open for reading. The lock ends when it is closed.</param>
    /// <param name="offset">The offset of the byte, which need not exist.</param>
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
    /// Releases <see cref="TryLockByte"/> and <see cref="TryShareByte"/>. Closing the file does too, but not immediately while a child that
    /// another thread starts has a copy of it, until its exec.
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

    /// <summary>Releases <see cref="TryLockWhole"/> and <see cref="TryLockShared"/>; see <see cref="UnlockByte"/>.</summary>
    public static void Unlock(Descriptor file) => Unlock(file, WholeFile(Libc.F_UNLCK));

    /// <summary>Returns whether another open file, in any process, has the byte locked. This file's own lock does not count.</summary>
    /// <param name="file">Open for reading or writing.</param>
    /// <param name="offset">The offset of the byte.</param>
    public static bool IsByteLocked(Descriptor file, long offset) =>
        Conflicts(
            file,
            new Libc.FileLockRange
            {
                Type = Libc.F_WRLCK,
                Start = offset,
                Length = 1,
            });

    /// <summary>
    /// Returns whether another open file, in any process, holds a lock, shared or not. This file's own lock does not count.
    /// </summary>
    /// <param name="file">Open for reading or writing.</param>
    public static bool IsLocked(Descriptor file) => Conflicts(file, Libc.F_WRLCK);

    /// <summary>Returns whether another open file holds the lock exclusively (<see cref="TryLockWhole"/>).</summary>
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

    // A closed file has no lock.
    private static void Unlock(Descriptor file, Libc.FileLockRange range) => _ = Control(file, Libc.F_OFD_SETLK, &range);

    private static bool Conflicts(Descriptor file, short type) => Conflicts(file, WholeFile(type));

    private static bool Conflicts(Descriptor file, Libc.FileLockRange range)
    {
        var error = Control(file, Libc.F_OFD_GETLK, &range);
        return error == Errno.None
            ? range.Type != Libc.F_UNLCK
            : throw ErrnoMap.Failure($"cannot test the lock of {file}", error);
    }

    // Length zero extends to the end, wherever that moves. The process ID must be zero.
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
