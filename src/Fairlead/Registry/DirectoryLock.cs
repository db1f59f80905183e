using Fairlead.Native;

namespace Fairlead.Registry;

/// <summary>The right to replace socket files in one directory. Taken around looking and replacing, so that of two servers that start at once only one takes over a stale name.</summary>
internal sealed class DirectoryLock : IDisposable
{
    /// <summary>How long a server that starts waits for others that start in the same directory.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(16);

    private DirectoryLock(Descriptor directory) => Directory = directory;

    /// <summary>The directory, open until this is disposed.</summary>
    public Descriptor Directory { get; }

    /// <summary>Opens a directory and locks it. Disposing the result unlocks. Null when the lock was not free in time.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="patience">How long to wait.</param>
    /// <param name="error">Why the directory could not be opened; none when only the lock was not free.</param>
    public static DirectoryLock? TryTake(string directory, TimeSpan patience, out Errno error)
    {
        var descriptor = NativeFile.Open(directory, OpenFlags.ReadOnly | OpenFlags.Directory, 0, out error);
        if (descriptor is null)
        {
            return null;
        }

        // The kernel has no lock of this kind that waits with a limit, and none that could be polled. The lock is held for less than a
        // millisecond, and seldom by two at once, so it is asked for again after short pauses.
        var deadline = Deadline.After(patience);
        var pause = TimeSpan.FromMilliseconds(1);
        while (!NativeFile.TryFlock(descriptor))
        {
            if (deadline.Passed)
            {
                descriptor.Dispose();
                return null;
            }

            Task.Delay(pause, TimeProvider.System).Wait();
            pause = pause < LongestPause ? pause * 2 : LongestPause;
        }

        return new DirectoryLock(descriptor);
    }

    public void Dispose() => Directory.Dispose();
}
