using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Fairlead.Bench.Running;

/// <summary>A built benchmark, of this version of Fairlead or of another, whose <see cref="Worker"/> can play both roles.</summary>
internal sealed class BenchProgram(string path)
{
    private static readonly bool IsHosted = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";

    /// <summary>The program that runs.</summary>
    public static BenchProgram This { get; } = new(IsHosted ? Environment.GetCommandLineArgs()[0] : Environment.ProcessPath!);

    public ProcessStartInfo Worker(string role, string scenario, int contender, string session) =>
        Start("worker", role, scenario, contender.ToString(CultureInfo.InvariantCulture), session);

    /// <summary>Asks the program for the names of its scenarios. Blocks. Returns none if the program is something else.</summary>
    public IReadOnlyList<string> Scenarios()
    {
        // Each version names them, after a colon, when it is asked for one that does not exist.
        ProcessStartInfo start = Start("--only", "?");
        start.RedirectStandardError = true;
        try
        {
            using var process = Process.Start(start)!;
            string answer = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 2 ? answer[(answer.LastIndexOf(':') + 1)..].Split(',', StringSplitOptions.TrimEntries) : [];
        }
        catch (Win32Exception)
        {
            // The file cannot be executed.
            return [];
        }
    }

    public ProcessStartInfo Start(params string[] arguments) =>
        path.EndsWith(".dll", StringComparison.Ordinal)
            ? new(IsHosted ? Environment.ProcessPath! : "dotnet", [path, .. arguments])
            : new(path, arguments);
}
