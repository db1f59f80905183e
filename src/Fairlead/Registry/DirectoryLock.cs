using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;

namespace Fairlead.Registry;

/// <summary>
/// The right to replace socket files in one directory. Held around checking and replacing: of two servers that start together, only one
/// takes over a stale name.
/// </summary>
/// <remarks>
/// Only its owner replaces a file, and it is enough to exclude the processes of one user. But every user who may read a directory can hold
/// its lock (<c>flock</c>). For such a directory, the lock of the user's runtime directory counts, which no other user can open. The lock
/// of the directory itself is requested after it, for a short time. It excludes a process of this user with another runtime directory;
/// another user who keeps it blocks nothing.
/// <para>
/// Each owner sets the directory's time of change. A waiter that sees another time knows that the lock has passed on, and waits for the new
/// owner as long as for the one before: of forty servers that start together, the last one waits for all others.
/// </para>
/// <para>
/// A directory that is removed or replaced while a process waits for its lock is opened anew, so two owners never share a path.
/// </para>
/// </remarks>
internal sealed class DirectoryLock : IDisposable
{
    /// <summary>How long a starting server waits while one other server holds the lock of the directory.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private const uint OthersMayRead = 0b000_100_100;

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(16);

    // How long another user can delay this one: many times what it takes to replace a file.
    private static readonly TimeSpan SharedPatience = TimeSpan.FromMilliseconds(100);

    private readonly Descriptor? _own;

    private DirectoryLock(Descriptor directory, Descriptor? own)
    {
        Directory = directory;
        _own = own;
    }

    /// <summary>The directory, open until this is disposed.</summary>
    public Descriptor Directory { get; }

    /// <summary>Opens and locks a directory, like <see cref="TryTake"/>, and waits for each owner as long as usual.</summary>
    /// <exception cref="FairleadException">Unavailable: another process keeps the lock. Others: the directory cannot be used.</exception>
    public static DirectoryLock Take(string directory) =>
        TryTake(directory, Patience, out Errno error) ?? throw NotTaken(directory, directory, error);

    /// <summary>Opens and locks a directory. Disposing the result unlocks it. Null if the lock did not become free in time.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="patience">The longest time to wait for one owner.</param>
    /// <param name="error">Why the directory could not be opened or locked; none if only the lock was not free.</param>
    /// <param name="runtime">The runtime directory of this user; null: that of this process.</param>
    /// <param name="time">Measures the wait; null: the system's clock.</param>
    public static DirectoryLock? TryTake(
        string directory, TimeSpan patience, out Errno error, RuntimeDirectory? runtime = null, TimeProvider? time = null)
    {
        DirectoryLock? taken;
        while (!TryTakeOpened(directory, patience, runtime, time ?? TimeProvider.System, out taken, out error))
        {
            // The directory was replaced: the lock that this process has excludes no process that opens the path.
        }

        return taken;
    }

    /// <summary>Opens and locks a directory once. Returns false if the path means another directory by then: try again.</summary>
    private static bool TryTakeOpened(
        string directory, TimeSpan patience, RuntimeDirectory? runtime, TimeProvider time, out DirectoryLock? taken, out Errno error)
    {
        taken = null;
        var descriptor = NativeFile.Open(directory, OpenFlags.ReadOnly | OpenFlags.Directory, 0, out error);
        if (descriptor is null)
        {
            return true;
        }

        Descriptor? own = null;
        try
        {
            string locked = directory;
            own = IsShared(descriptor) ? OpenOwn(runtime, ref locked) : null;
            if (!TryLock(own ?? descriptor, patience, time, out error))
            {
                return true;
            }

            if (!IsNamed(descriptor, directory) || (own is not null && !IsNamed(own, locked)))
            {
                return false;
            }

            ShowOwner(locked);
            _ = own is null
                || TryLock(descriptor, patience < SharedPatience ? patience : SharedPatience, TimeProvider.System, out _);
            taken = new DirectoryLock(descriptor, own);
            return true;
        }
        finally
        {
            if (taken is null)
            {
                own?.Dispose();
                descriptor.Dispose();
            }
        }
    }

    /// <summary>Waits for the lock (<c>flock</c>) of an open file.</summary>
    /// <param name="file">The file or directory.</param>
    /// <param name="patience">The longest time to wait for one owner; owners that do not set the time of change count as one.</param>
    /// <param name="time">Measures the wait.</param>
    /// <param name="error">Why it could not be locked; none if only the lock was not free in time.</param>
    public static bool TryLock(Descriptor file, TimeSpan patience, TimeProvider time, out Errno error)
    {
        // The kernel has no lock of this kind with a timeout, and none that can be polled. The lock is held for less than a millisecond,
        // and contention is rare, so this tries again after short pauses.
        var deadline = Deadline.After(patience, time);
        var pause = TimeSpan.FromMilliseconds(1);
        var owned = NativeFile.Fstat(file)?.Modified;
        while (!NativeFile.TryFlock(file, out error))
        {
            if (error != Errno.None)
            {
                return false;
            }

            var now = NativeFile.Fstat(file)?.Modified;
            if (now != owned)
            {
                owned = now;
                deadline = Deadline.After(patience, time);
            }

            if (deadline.Passed)
            {
                return false;
            }

            Task.Delay(pause, TimeProvider.System).Wait();
            pause = pause < LongestPause ? pause * 2 : LongestPause;
        }

        return true;
    }

    /// <summary>Why <see cref="TryLock"/> did not succeed with the usual patience.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="file">The file or directory whose lock was asked for.</param>
    /// <param name="error">The error.</param>
    public static FairleadException NotTaken(string directory, string file, Errno error) =>
        error == Errno.None
            ? new FairleadException(
                ErrorCode.Unavailable,
                string.Create(
                    CultureInfo.InvariantCulture, $"another process has held the lock of {directory} for {Patience.TotalSeconds} seconds"),
                $"Find that process: lsof {file}")
            : ErrnoMap.Failure($"the directory {directory} cannot be used", error);

    public void Dispose()
    {
        Directory.Dispose();
        _own?.Dispose();
    }

    /// <summary>Returns whether the path still names the open file, which may have been replaced during the wait.</summary>
    public static bool IsNamed(Descriptor file, string path) =>
        NativeFile.Fstat(file) is { } opened && NativeFile.Stat(path)?.IsSameFile(opened) == true;

    private static bool IsShared(Descriptor directory) =>
        NativeFile.Fstat(directory) is { } status && (status.Uid != NativeProcess.UserId || (status.Mode & OthersMayRead) != 0);

    // Null if no runtime directory is usable: then only the lock of the directory counts.
    private static Descriptor? OpenOwn(RuntimeDirectory? runtime, ref string path)
    {
        try
        {
            string own = (runtime ?? RuntimeDirectory.Current()).Prepare().Path;
            Descriptor? opened = NativeFile.Open(own, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow, 0, out _);
            path = opened is null ? path : own;
            return opened;
        }
        catch (FairleadException)
        {
            return null;
        }
    }

    private static void ShowOwner(string directory)
    {
        try
        {
            System.IO.Directory.SetLastWriteTimeUtc(directory, TimeProvider.System.GetUtcNow().UtcDateTime);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A directory of another user, or of a file system that is read-only: waiters there see one owner after the other as one.
        }
    }
}
