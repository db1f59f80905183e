using System.Buffers.Text;
using System.Globalization;
using Fairlead.Native.Processes;

namespace Fairlead.Processes.Starting;

/// <summary>The shell commands that limit a child before its program runs.</summary>
/// <remarks>
/// They run in the child, before its program. Setting the limits from outside after the start (<c>prlimit</c>) would be too late for what
/// the program opens, allocates and starts until then.
/// </remarks>
internal static class ResourceLimits
{
    private const int LongestTable = 8192;
    private const long Kibibyte = 1024;

    // The kernel kills at the hard limit. The signal that it sends at the soft one names the reason.
    private const long SecondsToKill = 5;

    /// <summary>Returns the commands, joined to one; empty without a limit.</summary>
    /// <exception cref="ArgumentException">A limit is not positive.</exception>
    public static string Commands(long? memory, TimeSpan? processorTime, int? openFiles)
    {
        List<string> commands = [];
        if (memory is { } bytes)
        {
            Check(bytes > 0, "Memory");
            commands.Add(Command("-d", (bytes + Kibibyte - 1) / Kibibyte, HardLimit("Max data size"u8) / Kibibyte));
        }

        if (processorTime is { } time)
        {
            Check(time > TimeSpan.Zero, "ProcessorTime");
            long seconds = (long)Math.Ceiling(time.TotalSeconds);
            long? most = HardLimit("Max cpu time"u8);
            commands.Add(Command("-S -t", seconds, most));
            commands.Add(Command("-H -t", seconds + SecondsToKill, most));
        }

        if (openFiles is { } files)
        {
            Check(files > 0, "OpenFiles");
            commands.Add(Command("-n", files, HardLimit("Max open files"u8)));
        }

        return string.Join(" && ", commands);
    }

    private static string Command(string option, long value, long? most) =>
        string.Create(CultureInfo.InvariantCulture, $"ulimit {option} {Math.Min(value, most ?? value)}");

    private static void Check(bool isPositive, string limit)
    {
        if (!isPositive)
        {
            throw new ArgumentException($"{limit} of ChildLimits must be positive.", limit);
        }
    }

    /// <summary>Returns a hard limit of this process; null if it has none, or <c>/proc</c> does not show it.</summary>
    private static long? HardLimit(ReadOnlySpan<byte> name)
    {
        Span<byte> buffer = stackalloc byte[LongestTable];
        ReadOnlySpan<byte> table = NativeProcess.ReadWhole("/proc/self/limits", buffer);
        int at = table.IndexOf(name);
        if (at < 0)
        {
            return null;
        }

        ReadOnlySpan<byte> soft = table[(at + name.Length)..].TrimStart((byte)' ');
        int end = soft.IndexOf((byte)' ');
        ReadOnlySpan<byte> hard = end < 0 ? [] : soft[end..].TrimStart((byte)' ');
        return Utf8Parser.TryParse(hard, out long limit, out _) ? limit : null;
    }
}
