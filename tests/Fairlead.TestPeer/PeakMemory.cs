using System.Globalization;

namespace Fairlead.TestPeer;

/// <summary>The peak memory of this process.</summary>
internal static class PeakMemory
{
    /// <summary>The most bytes that were resident at once, as the kernel has counted.</summary>
    public static long Bytes
    {
        get
        {
            var line = File.ReadLines("/proc/self/status").First(static line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }
    }
}
