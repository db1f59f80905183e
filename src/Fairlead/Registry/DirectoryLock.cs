using Fairlead.Native;

namespace Fairlead.Registry;

/// <summary>
/// The right to replace socket files in one directory. Taken around looking and replacing, so that of two servers that start at once only
/// one takes over a stale name.
/// </summary>
/// <remarks>
/// A file is replaced only by its owner, so it is enough to keep out the processes of one user. The lock of a directory (<c>flock</c>) can
/// be held by every user who may read it. For such a directory the lock of the user's runtime directory counts, which nobody else can open.
/// That of the directory itself is asked for behind it, for a short time: it keeps out a process of this user with another runtime
/// directory, and another user who keeps it forbids nothing.
/// </remarks>
internal sealed class DirectoryLock : IDisposable
{
    /// <summary>How long a server that starts waits for others that start in the same directory.</summary>
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

    /// <summary>Opens a directory and locks it. Disposing the result unlocks. Null when the lock was not free in time.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="patience">How long to wait.</param>
    /// <param name="error">Why the directory could not be opened; none when only the lock was not free.</param>
    /// <param name="runtime">Of this user; null: the one of this process.</param>
    public static DirectoryLock? TryTake(string directory, TimeSpan patience, out Errno error, RuntimeDirectory? runtime = null)
    {
        var descriptor = NativeFile.Open(directory, OpenFlags.ReadOnly | OpenFlags.Directory, 0, out error);
        if (descriptor is null)
        {
            return null;
        }

        Descriptor? own = null;
        var isTaken = false;
        try
        {
            own = IsShared(descriptor) ? OpenOwn(runtime) : null;
            if (TryLock(own ?? descriptor, patience))
            {
                _ = own is null || TryLock(descriptor, patience < SharedPatience ? patience : SharedPatience);
                isTaken = true;
                return new DirectoryLock(descriptor, own);
            }

            return null;
        }
        finally
        {
            if (!isTaken)
            {
                own?.Dispose();
                descriptor.Dispose();
            }
        }
    }

    public void Dispose()
    {
        Directory.Dispose();
        _own?.Dispose();
    }

    private static bool IsShared(Descriptor directory) =>
        NativeFile.Fstat(directory) is { } status && (status.Uid != NativeProcess.UserId || (status.Mode & OthersMayRead) != 0);

    // Null where there is none that can be used: then the lock of the directory is all there is.
    private static Descriptor? OpenOwn(RuntimeDirectory? runtime)
    {
        try
        {
            string path = (runtime ?? RuntimeDirectory.Current()).Prepare().Path;
            return NativeFile.Open(path, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow, 0, out _);
        }
        catch (FairleadException)
        {
            return null;
        }
    }

    private static bool TryLock(Descriptor descriptor, TimeSpan patience)
    {
        // The kernel has no lock of this kind that waits with a limit, and none that could be polled. The lock is held for less than a
        // millisecond, and seldom by two at once, so it is asked for again after short pauses.
        var deadline = Deadline.After(patience);
        var pause = TimeSpan.FromMilliseconds(1);
        while (!NativeFile.TryFlock(descriptor))
        {
            if (deadline.Passed)
            {
                return false;
            }

            Task.Delay(pause, TimeProvider.System).Wait();
            pause = pause < LongestPause ? pause * 2 : LongestPause;
        }

        return true;
    }
}
