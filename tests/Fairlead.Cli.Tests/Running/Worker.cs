using System.Diagnostics;
using System.Globalization;

namespace Fairlead.Cli.Tests.Running;

/// <summary>The processes that a tour has started.</summary>
internal static class Worker
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(3);

    /// <summary>The children of a process, as the kernel lists them.</summary>
    public static IReadOnlyList<Process> Of(int parent) =>
        [.. Directory.GetDirectories($"/proc/{parent}/task")
            .SelectMany(static thread => File.ReadAllText($"{thread}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(static id => Process.GetProcessById(int.Parse(id, CultureInfo.InvariantCulture)))];

    /// <summary>Waits until they have ended, which is some moments after their parent, and not before their endpoints are closed.</summary>
    public static async Task EndedAsync(IEnumerable<Process> workers)
    {
        foreach (var worker in workers)
        {
            await worker.WaitForExitAsync().WaitAsync(Watchdog);
            worker.Dispose();
        }
    }
}
