using System.Globalization;

namespace Fairlead.Cli.Processes;

/// <summary>Descriptors 0, 1 and 2, which the starter may have left closed (<c>&lt;&amp;-</c>, <c>2&gt;&amp;-</c>).</summary>
internal static class InheritedDescriptor
{
    // O_CLOEXEC, as the kernel shows it in fdinfo.
    private const int ClosesOnExec = 0x80000;

    /// <summary>
    /// Returns whether a descriptor came from the starter. The .NET runtime takes the lowest free numbers for its own pipes and files, so
    /// an open descriptor proves nothing. But it opens these with O_CLOEXEC, which no descriptor that came through exec can have.
    /// </summary>
    public static bool IsOpen(int descriptor)
    {
        try
        {
            var flags = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{descriptor}"))
                .First(static line => line.StartsWith("flags:", StringComparison.Ordinal));
            return (Convert.ToInt32(flags["flags:".Length..].Trim(), 8) & ClosesOnExec) == 0;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            // Closed; or there is no /proc, and a call on the descriptor will show it.
            return !Directory.Exists("/proc/self/fdinfo");
        }
        catch (IOException)
        {
            // The process has no descriptor left to find out with. A call on this one will show whether it is open.
            return true;
        }
    }
}
