using System.Globalization;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;

namespace Fairlead.Registry;

/// <summary>Finds the process that holds a lock of a file, as <c>/proc</c> shows it: in the pid namespace of this process.</summary>
internal static class FileLockHolder
{
    private const int LongestInfo = 4096;

    /// <summary>Returns a process that holds a lock for writing; null if none is visible to this user.</summary>
    /// <param name="file">The file.</param>
    /// <param name="likely">A process to look at first; 0: none.</param>
    public static int? Find(FileIdentity file, int likely = 0)
    {
        if (likely > 0 && Holds(likely, file))
        {
            return likely;
        }

        foreach (string process in Entries("/proc"))
        {
            if (int.TryParse(Path.GetFileName(process.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                && Holds(pid, file))
            {
                return pid;
            }
        }

        return null;
    }

    private static bool Holds(int pid, FileIdentity file) =>
        Array.Exists(
            Entries(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/fd")),
            descriptor => NativeFile.Stat(descriptor) is { } status && FileIdentity.Of(status) == file && IsLockedBy(pid, descriptor));

    /// <summary>Returns whether the lock belongs to this descriptor: others of the same file may only look at it.</summary>
    private static bool IsLockedBy(int pid, string descriptor)
    {
        Span<byte> buffer = stackalloc byte[LongestInfo];
        ReadOnlySpan<byte> info = NativeProcess.ReadWhole(
            string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/fdinfo/{Path.GetFileName(descriptor)}"), buffer);
        int at = info.IndexOf("lock:"u8);
        return at >= 0 && info[at..].IndexOf(" WRITE "u8) >= 0;
    }

    private static string[] Entries(string directory)
    {
        try
        {
            return Directory.GetFileSystemEntries(directory);
        }
        catch (Exception cannotLook) when (cannotLook is IOException or UnauthorizedAccessException)
        {
            // The process has ended, or belongs to another user.
            return [];
        }
    }
}
