using System.Text.Json;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

[SlowRun]
public sealed class SpawnTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Spawn_exits_with_the_exit_code_of_its_command()
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
    public async Task The_command_gets_its_directory_environment_and_limits()
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
    public async Task A_stopped_command_ends_when_spawn_is_interrupted()
    {
        var spawned = _home.Start("spawn", "--group", "--", "sh", "-c", "echo ready; kill -STOP $$; sleep 1000");
        Assert.Equal("ready", await spawned.LineAsync());
        await spawned.SignalAsync("INT");
        var outcome = await spawned.EndAsync();
        Assert.True(outcome.ExitCode == 143, outcome.ToString());
    }

    [NeedsProgramTheory("python3")]
    [InlineData("to-child", "line")]
    [InlineData("pipes", "line")]
    [InlineData("duplex", "line")]
    [InlineData("to-child", "none")]
    public async Task Spawn_reports_bytes_that_the_child_did_not_read(string channel, string framing)
    {
        // The child reads the first line, and ends when so many bytes wait for it.
        await File.WriteAllTextAsync(
            Path.Combine(_home.Work, "child.py"),
            """
            import array, fcntl, os, sys, termios, time
            sys.stdout.write(os.read(3, 2).decode())
            sys.stdout.flush()
            waiting = array.array('i', [0])
            while waiting[0] < int(sys.argv[1]):
                fcntl.ioctl(3, termios.FIONREAD, waiting)
                time.sleep(0.005)
            os._exit(int(sys.argv[2]))
            """);
        var spawn = $"fairlead spawn --channel {channel} --framing {framing} -- python3 child.py";

        var ended = await _home.StartShell($"seq 1000 | {spawn} 3891 0").EndAsync();
        Assert.True(ended is { ExitCode: 6, Output: "1\n" }, ended.ToString());
        Assert.Contains("fairlead: the child", ended.Error, StringComparison.Ordinal);

        // More than a pipe holds; and the child's own failure stays its failure.
        ended = await _home.StartShell($"seq 100000 | {spawn} 4096 7").EndAsync();
        Assert.True(ended is { ExitCode: 7, Output: "1\n" }, ended.ToString());
        Assert.Contains("fairlead: the child", ended.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("to-child")]
    [InlineData("pipes")]
    [InlineData("duplex")]
    public async Task Spawn_reports_no_loss_if_the_child_reads_everything(string channel)
    {
        var spawned = _home.StartShell($"seq 100000 | fairlead spawn --channel {channel} --framing line -- sh -c 'tail -n 1 <&3 >&2'");
        var ended = await spawned.EndAsync();
        Assert.True(ended.ExitCode == 0, ended.ToString());
        Assert.Contains("100000", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("the child", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Spawn_exchanges_lines_with_a_program_over_its_channel()
    {
        var spawned = _home.Start("spawn", "--channel", "duplex", "--framing", "line", "--", "sh", "-c", "tr 0-9 a-j <&3 >&3; exit 3");
        await spawned.SayAsync("1", "22", "333");
        var outcome = await spawned.EndAsync();
        Assert.True(outcome is { ExitCode: 3, Output: "b\ncc\nddd\n" }, outcome.ToString());
    }
}
