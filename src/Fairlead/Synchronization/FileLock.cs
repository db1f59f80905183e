using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Waiting;

namespace Fairlead.Synchronization;

/// <summary>
/// The lock of a file (<c>flock</c>), which excludes programs of any language: <c>flock(1)</c>, Python's <c>fcntl.flock</c>, C. One owner,
/// or any number that share it. Between programs of Fairlead, use <see cref="NamedMutex"/> or <see cref="NamedReaderWriterLock"/>, which
/// serve waiters in order, and tell the next owner of a death.
/// </summary>
/// <remarks>
/// Each entry opens the file anew, so threads of one process exclude each other too, and an entry inside another one of the same thread
/// waits for itself. The kernel releases the lock when its process ends, however it ends, unless a child has the open file. The file stays.
/// If another program has replaced the file when the lock is taken, the entry goes to the new file. A lock of <c>fcntl</c> (POSIX
/// <c>lockf</c>) is another lock, and does not exclude this one.
/// </remarks>
public sealed class FileLock
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly UnixFileMode _mode;

    private FileLock(string path, UnixFileMode mode)
    {
        Path = path;
        _mode = mode;
    }

    /// <summary>The full path of the file.</summary>
    public string Path { get; }

    /// <summary>The processes that took the lock, by <c>/proc/locks</c>; empty if the kernel does not show them.</summary>
    public IReadOnlyList<Peer> Holders => NativeFile.Stat(Path) is { } status ? FileLockTable.Holders(status) : [];

    /// <summary>Returns the lock of a file or a directory. A file that does not exist is created, empty.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="mode">The permissions of a new file, less the umask; by default only for this user. Locking needs reading.</param>
    /// <exception cref="FairleadException">
    /// NotFound: its directory does not exist. PermissionDenied: this user may not read or create it. NotSupported: the path belongs to
    /// something that is neither a file nor a directory.
    /// </exception>
    public static FileLock Open(string path, UnixFileMode mode = OwnerOnly)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        FileLock opened = new(System.IO.Path.GetFullPath(path), mode);
        opened.OpenFile(forWriting: false).Dispose();
        return opened;
    }

    /// <summary>
    /// Takes the lock exclusively until the scope is disposed or the process ends. Blocks while another has it. The kernel wakes waiters
    /// without a timeout and a token; others try again at intervals of at most 20 ms.
    /// </summary>
    /// <param name="timeout">The longest time to wait; null: no limit.</param>
    /// <param name="cancellationToken">Cancels the wait, within 20 ms.</param>
    /// <returns>The scope, to be disposed when done.</returns>
    /// <exception cref="FairleadException">Timeout: the lock was not free in time. Otherwise as for <see cref="Open"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public FileLockScope Enter(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Get(false, timeout, cancellationToken) ?? throw NotInTime(timeout);

    /// <summary>Tries to take the lock exclusively within a time. Blocks.</summary>
    /// <param name="timeout">The longest time to wait; zero: do not wait.</param>
    /// <param name="cancellationToken">Cancels the wait, within 20 ms.</param>
    /// <returns>The scope, to be disposed when done; <see langword="null"/> if the time ran out.</returns>
    /// <inheritdoc cref="Enter" path="/exception"/>
    public FileLockScope? TryEnter(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        Get(false, timeout, cancellationToken);

    /// <summary>Takes the lock exclusively. Waiting takes no thread.</summary>
    /// <inheritdoc cref="Enter" path="/param|/returns|/exception"/>
    public async ValueTask<FileLockScope> EnterAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        await GetAsync(false, timeout, cancellationToken).ConfigureAwait(false) ?? throw NotInTime(timeout);

    /// <summary>Tries to take the lock exclusively within a time. Waiting takes no thread.</summary>
    /// <inheritdoc cref="TryEnter" path="/param|/returns|/exception"/>
    public ValueTask<FileLockScope?> TryEnterAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        GetAsync(false, timeout, cancellationToken);

    /// <summary>Takes the lock together with others that share it. Blocks while another has it exclusively.</summary>
    /// <inheritdoc cref="Enter" path="/param|/returns|/exception"/>
    public FileLockScope EnterShared(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Get(true, timeout, cancellationToken) ?? throw NotInTime(timeout);

    /// <summary>Tries to take the lock together with others that share it, within a time. Blocks.</summary>
    /// <inheritdoc cref="TryEnter" path="/param|/returns|/exception"/>
    public FileLockScope? TryEnterShared(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        Get(true, timeout, cancellationToken);

    /// <summary>Takes the lock together with others that share it. Waiting takes no thread.</summary>
    /// <inheritdoc cref="Enter" path="/param|/returns|/exception"/>
    public async ValueTask<FileLockScope> EnterSharedAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        await GetAsync(true, timeout, cancellationToken).ConfigureAwait(false) ?? throw NotInTime(timeout);

    /// <summary>Tries to take the lock together with others that share it, within a time. Waiting takes no thread.</summary>
    /// <inheritdoc cref="TryEnter" path="/param|/returns|/exception"/>
    public ValueTask<FileLockScope?> TryEnterSharedAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        GetAsync(true, timeout, cancellationToken);

    /// <summary>Returns a description for people.</summary>
    public override string ToString() => $"the lock of the file '{Path}'";

    private FileLockScope? Get(bool isShared, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline.Check(timeout);
        Deadline deadline = Deadline.After(timeout);
        FileLockScope? scope = null;
        if (deadline.IsInfinite && !cancellationToken.CanBeCanceled)
        {
            while ((scope = Attempt(isShared, waits: true)) is null)
            {
                // A signal ended the wait, or another program replaced the file.
            }

            return scope;
        }

        _ = PolledWait.Wait(() => (scope = Attempt(isShared, waits: false)) is not null, deadline, cancellationToken);
        return scope;
    }

    private async ValueTask<FileLockScope?> GetAsync(bool isShared, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline.Check(timeout);
        FileLockScope? scope = null;
        _ = await PolledWait
            .WaitAsync(() => (scope = Attempt(isShared, waits: false)) is not null, Deadline.After(timeout), cancellationToken)
            .ConfigureAwait(false);
        return scope;
    }

    /// <summary>Opens the file and locks it; null if another has the lock, or the file is no longer the one with the path.</summary>
    private FileLockScope? Attempt(bool isShared, bool waits)
    {
        Descriptor file = OpenFile(forWriting: false);
        Errno error = NativeFile.Flock(file, isShared, waits);
        if (error == Errno.EBADF && !isShared)
        {
            // NFS makes it a lock of fcntl, which needs a file that is open for writing.
            file.Dispose();
            file = OpenFile(forWriting: true);
            error = NativeFile.Flock(file, isShared, waits);
        }

        if (error == Errno.None && NativeFile.Fstat(file) is { } locked && NativeFile.Stat(Path)?.IsSameFile(locked) == true)
        {
            return new FileLockScope(file);
        }

        file.Dispose();
        return error is Errno.None or Errno.EAGAIN or Errno.EINTR ? null : throw ErrnoMap.Failure($"{this} cannot be taken", error);
    }

    private Descriptor OpenFile(bool forWriting)
    {
        FileStatus? status;
        Errno error;
        do
        {
            // Opening a terminal or a device may have effects.
            status = NativeFile.Stat(Path, out error);
            if (status is not null and not { Kind: FileKind.Regular or FileKind.Directory })
            {
                throw new FairleadException(
                    ErrorCode.NotSupported, $"{this} cannot be taken: it is neither a file nor a directory", "Give the path of a file.");
            }

            // Without O_CREAT for an existing file: the kernel refuses that for a file of another user in a directory like /tmp.
            OpenFlags flags = (forWriting ? OpenFlags.ReadWrite : OpenFlags.ReadOnly) | (status is null ? OpenFlags.Create : 0);
            if (error is Errno.None or Errno.ENOENT && NativeFile.Open(Path, flags, (uint)_mode, out error) is { } file)
            {
                return file;
            }
        }
        while (error == Errno.ENOENT && status is not null);

        throw error switch
        {
            Errno.EACCES or Errno.EPERM or Errno.EROFS => new FairleadException(
                ErrorCode.PermissionDenied,
                $"{this} cannot be taken: this user may not read or create it ({ErrnoMap.Describe(error)})",
                "Its owner gives read permission (chmod), which is enough for a lock.")
            {
                Errno = (int)error,
            },
            _ => ErrnoMap.Failure($"{this} cannot be taken", error),
        };
    }

    private FairleadException NotInTime(TimeSpan? timeout)
    {
        Peer? holder = Holders is [var first, ..] ? first : null;
        string who = holder is null ? "" : $": {holder} has it";
        return new FairleadException(
            ErrorCode.Timeout, $"{this} was not free within {SecondsText.Of(timeout)}{who}", "Wait longer, or end its owner.")
        {
            Peer = holder,
        };
    }
}
