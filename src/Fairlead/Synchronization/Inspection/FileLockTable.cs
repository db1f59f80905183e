using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Processes;

namespace Fairlead.Synchronization.Inspection;

/// <summary>The kernel's table of file locks, which names the processes that took them. For people, never for a decision.</summary>
internal static class FileLockTable
{
    private const string Table = "/proc/locks";

    // 1: FLOCK ADVISORY WRITE 4242 08:01:131 0 EOF; a waiter has "->" after the first word.
    private const int Columns = 6;

    /// <summary>
    /// Returns the processes that took the lock of flock(2) of a file; none if the kernel hides them, or reports the file by another
    /// device.
    /// </summary>
    public static IReadOnlyList<Peer> Holders(FileStatus file)
    {
        ulong device = file.Device;
        string place = string.Create(CultureInfo.InvariantCulture, $"{device >> 32:x2}:{(uint)device:x2}:{file.Inode}");
        try
        {
            List<Peer> found = [];
            foreach (string line in File.ReadLines(Table))
            {
                string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (words.Length > Columns
                    && words[1] == "FLOCK"
                    && words[5] == place
                    && int.TryParse(words[4], NumberStyles.None, CultureInfo.InvariantCulture, out int process)
                    && process > 0)
                {
                    found.Add(new Peer { ProcessId = process, Program = NativeProcess.CommandLine(process) });
                }
            }

            return found;
        }
        catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
