using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Fairlead.Docs.Tests;

/// <summary>Checks the units of docs/deploy by what reads them.</summary>
public sealed class DeploymentTests
{
    public static TheoryData<string> Units =>
    [
        .. Directory
            .EnumerateFiles(Path.Combine(Repository.Root, "docs", "deploy"))
            .Where(static path => Path.GetExtension(path) is ".service" or ".socket")
            .Select(static path => Path.GetFileName(path)),
    ];

    [SystemdTheory]
    [MemberData(nameof(Units))]
    public async Task Systemd_accepts_each_unit_without_warnings(string unit)
    {
        ProcessStartInfo start = new("systemd-analyze", ["verify", "--man=no", $"docs/deploy/{unit}"])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardError = true,
        };
        using Process verify = Process.Start(start)!;
        string found = await verify.StandardError.ReadToEndAsync();
        await verify.WaitForExitAsync();

        // The programs are not installed where the tests run, and units of the machine itself are not ours.
        string stem = unit.Split('.', '@')[0];
        Assert.DoesNotContain(
            found.Split('\n'),
            line => line.Contains(stem, StringComparison.Ordinal) && !line.Contains("is not executable", StringComparison.Ordinal));
    }
}

/// <summary>A test that needs systemd-analyze. Skipped, and counted, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SystemdTheoryAttribute : TheoryAttribute
{
    public SystemdTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = File.Exists("/usr/bin/systemd-analyze") ? null : "systemd-analyze is not installed";
}
