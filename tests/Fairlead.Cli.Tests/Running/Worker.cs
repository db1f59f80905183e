using System.Diagnostics;
using System.Globalization;

namespace Fairlead.Cli.Tests.Running;

/// <summary>The processes that a tour has started.</summary>
internal static class Worker
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(3);

    /// <summary>The children of a process, as the kernel lists them. A thread or child that ends in between is left out.</summary>
    public static IReadOnlyList<Process> Of(int parent) =>
        [.. Directory.GetDirectories($"/proc/{parent}/task").SelectMany(ChildrenOf).Select(ProcessOf).OfType<Process>()];

    /// <summary>Waits until they have ended, which is some moments after their parent, and not before their endpoints are closed.</summary>
    public static async Task EndedAsync(IEnumerable<Process> workers)
    {
        foreach (var worker in workers)
        {
            await worker.WaitForExitAsync().WaitAsync(Watchdog);
            worker.Dispose();
        }
    }

    private static string[] ChildrenOf(string thread)
    {
        try
        {
            return File.ReadAllText($"{thread}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static Process? ProcessOf(string id)
    {
        try
        {
            return Process.GetProcessById(int.Parse(id, CultureInfo.InvariantCulture));
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
