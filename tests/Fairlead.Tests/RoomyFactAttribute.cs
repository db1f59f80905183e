using System.Runtime.CompilerServices;

namespace Fairlead.Tests;

/// <summary>A test that needs some gigabytes of memory, and is skipped if they are not free.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RoomyFactAttribute : FactAttribute
{
    /// <summary>Skips the test unless this many GiB are free.</summary>
    public RoomyFactAttribute(int gibibytes, [CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line)
    {
        string? found = File.ReadLines("/proc/meminfo")
            .FirstOrDefault(static line => line.StartsWith("MemAvailable:", StringComparison.Ordinal));
        long kibibytes = found is null
            ? 0
            : long.Parse(found.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture);
        if (kibibytes < (long)gibibytes << 20)
        {
            Skip = $"needs {gibibytes} GiB of memory, and {kibibytes >> 20} GiB are free";
        }
    }
}
