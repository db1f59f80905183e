using System.Diagnostics;

namespace Fairlead.Docs.Tests;

/// <summary>What the last lines of a run of the tests say.</summary>
public sealed class RunResultTests : IDisposable
{
    private const string Name = "Fairlead.Tests.RandomWorld.RandomTests.Random_scenes_keep_every_promise(round: &quot;1&quot;)";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fl-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_failed_run_says_what_to_send()
    {
        await WriteAsync(
            "Failed", "<StdOut>seed 4711 (repeat it with FAIRLEAD_TEST_SEED=4711)</StdOut>\n<Message>One is missing.</Message>\n");

        (int code, string[] lines) = await RunAsync(1);

        Assert.Equal(1, code);
        string[] end = [.. lines.SkipWhile(static line => !line.StartsWith("== please send these lines", StringComparison.Ordinal))];
        Assert.Equal($"== please send these lines, and the folder {_folder.FullName}", end[0]);
        Assert.Equal(Name.Replace("&quot;", "\"", StringComparison.Ordinal), end[1]);
        Assert.Equal("FAIRLEAD_TEST_SEED=4711", end[2]);
        Assert.Matches(@"^commit .*, Linux .*, \d+ processors, load ", end[3]);
        Assert.Equal("3 passed, 1 failed, 0 skipped", end[^1]);
        Assert.Contains("One is missing.", await File.ReadAllTextAsync($"{_folder.FullName}/failures.txt"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_passed_asks_for_nothing()
    {
        await WriteAsync("Passed", "");

        (int code, string[] lines) = await RunAsync(0);

        Assert.Equal(0, code);
        Assert.DoesNotContain(lines, static line => line.Contains("send", StringComparison.Ordinal));
        Assert.Equal("4 passed, 0 failed, 0 skipped", lines[^1]);
    }

    private Task WriteAsync(string outcome, string details)
    {
        int failed = outcome == "Failed" ? 1 : 0;
        return File.WriteAllTextAsync(
            $"{_folder.FullName}/a.trx",
            $"""
            <UnitTestResult testName="{Name}" duration="00:00:01.5" outcome="{outcome}">
            {details}</UnitTestResult>
            <Counters total="4" executed="4" passed="{4 - failed}" failed="{failed}" />

            """);
    }

    private async Task<(int Code, string[] Lines)> RunAsync(int code)
    {
        string script = $"results='{_folder.FullName}' failures='{_folder.FullName}/list'; . eng/results.sh; "
            + $"count_trx {code} \"$results/a.trx\"; end";
        using Process bash = Process.Start(
            new ProcessStartInfo("bash", ["-c", script]) { WorkingDirectory = Repository.Root, RedirectStandardOutput = true })!;
        string output = await bash.StandardOutput.ReadToEndAsync();
        await bash.WaitForExitAsync();
        return (bash.ExitCode, output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
