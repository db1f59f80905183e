using System.Diagnostics;
using System.Runtime.InteropServices;
using Fairlead.Processes;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>guardian OWN OTHER</c>: adopts orphans, and collects them. Starts OWN programs by <see cref="ChildProcess"/> and OTHER ones by
/// <see cref="Process"/>, each of which leaves an orphan that ends soon. Says <c>ok</c> with their exit codes, and then
/// <c>collected</c> when no orphan is left as a zombie.
/// </summary>
internal static partial class GuardianVerb
{
    private const int SetChildSubreaper = 36;

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (ControlProcess(SetChildSubreaper, 1, 0, 0, 0) != 0)
        {
            return 1;
        }

        using IDisposable collecting = ChildProcess.CollectAdopted();
        (string Code, string Orphan)[] ends = await Task.WhenAll(
            [.. Times(arguments[0]).Select(static _ => OwnAsync()), .. Times(arguments[1]).Select(static _ => OtherAsync())]);
        Console.WriteLine($"ok {string.Join(' ', ends.Select(static end => end.Code))}");

        // The number of a zombie stays.
        while (Array.Exists(ends, static end => File.Exists($"/proc/{end.Orphan}/stat")))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        Console.WriteLine("collected");
        return 0;
    }

    private static IEnumerable<int> Times(string count) =>
        Enumerable.Range(0, int.Parse(count, System.Globalization.CultureInfo.InvariantCulture));

    // The orphan's own output would keep the pipe open.
    private static string Script(int code) => $"(exec sleep 0.01) >&- & echo $!; exit {code}";

    private static async Task<(string Code, string Orphan)> OwnAsync()
    {
        await using ChildProcess child = ChildProcess.Start("sh", ["-c", Script(7)], new() { StandardOutput = Redirection.Pipe });
        using StreamReader output = new(child.StandardOutput);
        string orphan = (await output.ReadToEndAsync()).Trim();
        return ((await child.ExitAsync()).ShellCode.ToString(System.Globalization.CultureInfo.InvariantCulture), orphan);
    }

    private static async Task<(string Code, string Orphan)> OtherAsync()
    {
        using Process child = Process.Start(new ProcessStartInfo("sh", ["-c", Script(5)]) { RedirectStandardOutput = true })!;
        string orphan = (await child.StandardOutput.ReadToEndAsync()).Trim();
        await child.WaitForExitAsync();
        return (child.ExitCode.ToString(System.Globalization.CultureInfo.InvariantCulture), orphan);
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int ControlProcess(int option, nuint second, nuint third, nuint fourth, nuint fifth);
}
