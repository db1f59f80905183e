using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.Registry;

/// <summary>
/// Marks a socket file as created by Fairlead: the file itself says so after a crash of its process or of the machine. The mark is the
/// fraction of a second in its modification time.
/// </summary>
/// <remarks>
/// The file is created with the sticky bit, which has no meaning on a socket, so no instant is without a mark. The bit is removed when the
/// time is set, and stays on a file system that keeps no fractions.
/// </remarks>
internal static class SocketMark
{
    private const uint Sticky = 0b001_000_000_000;

    // In ticks of 100 ns: a file of another program has this fraction once in ten million.
    private const long Fraction = 4_606_417;

    /// <summary>Returns the mode with which to create a file.</summary>
    public static uint ModeOfNew(uint mode) => mode | Sticky;

    /// <summary>Marks a file that was created with <see cref="ModeOfNew"/>, and gives it its mode, whatever the umask.</summary>
    /// <param name="path">The path. The caller holds the lock of its directory.</param>
    /// <param name="mode">The permissions.</param>
    public static void Put(string path, uint mode)
    {
        try
        {
            var now = File.GetLastWriteTimeUtc(path);
            File.SetLastWriteTimeUtc(path, now.AddTicks(Fraction - (now.Ticks % TimeSpan.TicksPerSecond)));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The mode stays the mark.
        }

        if (NativeFile.Lstat(path) is { Kind: FileKind.Socket } made)
        {
            var wanted = HasTime(path) ? mode : ModeOfNew(mode);
            if (made.Mode != wanted)
            {
                _ = NativeFile.Chmod(path, wanted);
            }
        }
    }

    /// <summary>Returns whether Fairlead created the socket file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="status">Its status, by the path itself and not by the target of a link.</param>
    public static bool IsOn(string path, FileStatus status) => (status.Mode & Sticky) != 0 || HasTime(path);

    private static bool HasTime(string path) => File.GetLastWriteTimeUtc(path).Ticks % TimeSpan.TicksPerSecond == Fraction;
}
