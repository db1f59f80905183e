using System.Globalization;

namespace Fairlead.Cli.Services;

/// <summary>Finds out whether a process still reads a FIFO.</summary>
/// <remarks>
/// The kernel reports that to no writer that has closed its end. The check reads the open files in <c>/proc</c>, which show processes of
/// this user only.
/// </remarks>
internal static class FifoReaders
{
    // The errno of a system and of a process that has as many open files as it may have.
    private const int SystemIsShort = 23;
    private const int ProcessIsShort = 24;

    /// <summary>Returns whether another process has the FIFO open; null: it cannot be seen now, for want of a descriptor to look.</summary>
    public static bool? Any(string path)
    {
        string own = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        try
        {
            return Directory
                .EnumerateDirectories("/proc")
                .Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0]) && Path.GetFileName(folder) != own)
                .Any(folder => HasOpen($"{folder}/fd", path));
        }
        catch (IOException exception) when (IsShort(exception))
        {
            return null;
        }
    }

    private static bool IsShort(Exception exception) => (exception.HResult & 0xFFFF) is SystemIsShort or ProcessIsShort;

    private static bool HasOpen(string folder, string path)
    {
        try
        {
            return Directory.EnumerateFiles(folder).Any(link => TargetOf(link) == path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException && !IsShort(exception))
        {
            // The process has ended, or belongs to another user.
            return false;
        }
    }

    private static string? TargetOf(string link)
    {
        try
        {
            return File.ResolveLinkTarget(link, returnFinalTarget: false)?.FullName;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The process has closed this file in between. It may still have the FIFO.
            return null;
        }
    }
}
