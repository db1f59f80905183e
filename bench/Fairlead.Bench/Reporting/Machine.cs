using System.Runtime.InteropServices;

namespace Fairlead.Bench.Reporting;

/// <summary>The machine, without which a figure means nothing.</summary>
internal sealed record Machine(string Cpu, int Cores, string Architecture, string Kernel, string Runtime, string Build, string Load)
{
    public static Machine Read() => new(
        CpuModel(),
        Environment.ProcessorCount,
        RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant(),
        File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        RuntimeInformation.FrameworkDescription,
#if DEBUG
        "Debug: these figures mean nothing, use -c Release",
#else
        "Release",
#endif
        string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]));

    /// <summary>Returns the CPU's model, which the kernel names on x86; elsewhere it gives numbers at best.</summary>
    private static string CpuModel()
    {
        string[] keys = ["model name", "Model", "CPU part"];
        var lines = File.ReadLines("/proc/cpuinfo")
            .Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries))
            .Where(pair => pair.Length == 2)
            .ToList();
        return keys.Select(key => lines.FirstOrDefault(pair => pair[0] == key)?[1]).FirstOrDefault(value => value is not null) ?? "unknown";
    }
}
