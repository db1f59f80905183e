using System.Text.Json;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

public sealed class SpawnTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task It_ends_as_its_command_does()
    {
        var seven = await _home.RunAsync("spawn", "--", "sh", "-c", "echo hello; exit 7");
        Assert.True(seven is { ExitCode: 7, Output: "hello\n" }, seven.ToString());
        Assert.StartsWith("pid ", seven.Error, StringComparison.Ordinal);

        var killed = await _home.RunAsync("spawn", "--output", "json", "--group", "--", "sh", "-c", "kill -TERM $$");
        Assert.True(killed.ExitCode == 143, killed.ToString());
        Assert.Contains("killed by SIGTERM", killed.Error, StringComparison.Ordinal);
        using var first = JsonDocument.Parse(killed.Lines[0]);
        using var second = JsonDocument.Parse(killed.Lines[1]);
        Assert.Equal(first.RootElement.GetProperty("pid").GetInt32(), first.RootElement.GetProperty("group").GetInt32());
        Assert.Equal("SIGTERM", second.RootElement.GetProperty("signal").GetString());

        var missing = await _home.RunAsync("spawn", "--", "fairlead-no-such-program");
        Assert.True(missing is { ExitCode: 3, Output: "" }, missing.ToString());
        var useless = await _home.RunAsync("spawn", "--block", "KILL", "--", "true");
        Assert.True(useless is { ExitCode: 2, Output: "" }, useless.ToString());
    }

    [Fact]
    public async Task Its_command_gets_what_it_is_given()
    {
        var outcome = await _home.RunAsync(
            "spawn",
            "--directory",
            "/usr",
            "--env",
            "A=1 2",
            "--env",
            "TMPDIR",
            "--ignore",
            "HUP",
            "--",
            "sh",
            "-c",
            "pwd; echo \"$A.$TMPDIR.\"; grep SigIgn /proc/self/status");
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        Assert.Equal(["/usr", "1 2.."], outcome.Lines.Take(2));
        Assert.EndsWith("1", outcome.Lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_group_is_ended_as_a_whole()
    {
        var spawned = _home.Start("spawn", "--group", "--output", "json", "--", "sh", "-c", "sleep 1000 & echo ready; sleep 1000");

        // Which is written first is open: the command runs before this one knows its number.
        string[] lines = [(await spawned.LineAsync())!, (await spawned.LineAsync())!];
        Assert.Contains("ready", lines);
        using var started = JsonDocument.Parse(lines.Single(static line => line != "ready"));
        using var all = System.Diagnostics.Process.Start(
            "kill", ["-TERM", "--", $"-{started.RootElement.GetProperty("group").GetInt32()}"]);
        await all.WaitForExitAsync();

        var outcome = await spawned.EndAsync();
        Assert.True(outcome.ExitCode == 143, outcome.ToString());
    }

    [Fact]
    public async Task An_interruption_is_passed_on()
    {
        var spawned = _home.Start(
            "spawn", "--group", "--", "sh", "-c", "trap 'echo asked; exit 5' TERM; echo ready; while :; do sleep 0.05; done");
        Assert.Equal("ready", await spawned.LineAsync());
        await spawned.SignalAsync("INT");
        var outcome = await spawned.EndAsync();
        Assert.True(outcome is { ExitCode: 5, Output: "asked\n" }, outcome.ToString());
    }

    [Fact]
    public async Task What_has_been_stopped_ends_too_when_it_is_interrupted()
    {
        var spawned = _home.Start("spawn", "--group", "--", "sh", "-c", "echo ready; kill -STOP $$; sleep 1000");
        Assert.Equal("ready", await spawned.LineAsync());
        await spawned.SignalAsync("INT");
        var outcome = await spawned.EndAsync();
        Assert.True(outcome.ExitCode == 143, outcome.ToString());
    }

    [Fact]
    public async Task A_program_is_talked_with_over_its_channel()
    {
        var spawned = _home.Start("spawn", "--channel", "duplex", "--framing", "line", "--", "sh", "-c", "tr 0-9 a-j <&3 >&3; exit 3");
        await spawned.SayAsync("1", "22", "333");
        var outcome = await spawned.EndAsync();
        Assert.True(outcome is { ExitCode: 3, Output: "b\ncc\nddd\n" }, outcome.ToString());
    }
}
