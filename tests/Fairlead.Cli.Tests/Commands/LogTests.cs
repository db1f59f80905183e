using System.Text.Json;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

public sealed class LogTests : IDisposable
{
    private readonly ToolHome _home = new();

    private string Log => $"log://{_home.Work}/orders";

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Replay_prints_the_appended_records()
    {
        Assert.Equal(0, (await _home.RunAsync("log", "append", Log, "one")).ExitCode);
        var three = await _home.StartShell($"printf 'two\\n\\nfour\\n' | fairlead log append {Log} - --sync --verbose").EndAsync();
        Assert.Equal("record 2\nrecord 3\nrecord 4\n", three.Error);

        Assert.Equal("one\ntwo\n\nfour\n", (await _home.RunAsync("log", "replay", Log)).Output);
        Assert.Equal("two\n\n", (await _home.RunAsync("log", "replay", Log, "--from", "2", "--count", "2")).Output);
        Assert.Equal("", (await _home.RunAsync("log", "replay", Log, "--from", "end")).Output);
        Assert.Equal("one\ntwo\n\nfour\n", (await _home.RunAsync("log", "replay", Log, "--from", "2001-01-01T00:00:00Z")).Output);
        var line = JsonDocument.Parse((await _home.RunAsync("log", "replay", Log, "--output", "json")).Lines[1]).RootElement;
        Assert.Equal(
            (2, "two", 3),
            (line.GetProperty("sequence").GetInt64(), line.GetProperty("text").GetString(), line.GetProperty("bytes").GetInt32()));
        Assert.Matches("^[0-9a-f]{16}$", line.GetProperty("appender").GetString());
    }

    [Fact]
    public async Task A_follower_continues_at_the_position_of_its_name()
    {
        await _home.StartShell($"seq 5 | fairlead log append {Log} -").EndAsync();

        Assert.Equal("1\n2\n", (await _home.RunAsync("log", "follow", Log, "--position", "billing", "--count", "2")).Output);
        var follower = _home.Start("log", "follow", Log, "--position", "billing");
        Assert.Equal("3", await follower.LineAsync());
        var held = await _home.RunAsync("log", "follow", Log, "--position", "billing");
        Assert.Equal(4, held.ExitCode);
        Assert.Contains($"is held by pid {follower.Id} (", held.Error, StringComparison.Ordinal);
        await _home.RunAsync("log", "append", Log, "six");
        Assert.Equal(("4", "5", "six"), (await follower.LineAsync(), await follower.LineAsync(), await follower.LineAsync()));
        Assert.Equal(124, (await _home.RunAsync("log", "follow", Log, "--from", "end", "--timeout", "10ms")).ExitCode);
    }

    [Fact]
    public async Task Info_shows_the_content_and_the_damage_of_a_log()
    {
        await _home.StartShell($"seq 5 | fairlead log append '{Log}?segment=64KiB' -").EndAsync();
        var info = await _home.RunAsync("log", "info", Log);
        Assert.Equal(0, info.ExitCode);
        Assert.Contains("records       5, of 5 bytes, numbers 1 to 5", info.Lines);
        Assert.Contains("damaged       nothing", info.Lines);

        string segment = Directory.GetFiles($"{_home.Work}/orders", "*.segment").Single();
        using (var file = File.OpenWrite(segment))
        {
            file.Position = 4096 + (2 * 56) + 48;
            file.WriteByte((byte)'x');
        }

        info = await _home.RunAsync("log", "info", Log, "--output", "json");
        Assert.Equal(1, info.ExitCode);
        Assert.Equal(3, JsonDocument.Parse(info.Output).RootElement.GetProperty("damages")[0].GetProperty("sequence").GetInt64());
        var replayed = await _home.RunAsync("log", "replay", Log);
        Assert.Equal((1, "1\n2\n"), (replayed.ExitCode, replayed.Output));
        Assert.Contains("record 3, at byte 4208", replayed.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, "log", "replay", "log:///tmp/no/such/log")]
    [InlineData(2, "log", "append", "log://orders")]
    [InlineData(2, "log", "replay", "log://orders", "--from", "yesterday")]
    [InlineData(2, "log", "append", "log://orders?sgment=1", "x")]
    public async Task Each_error_has_its_exit_code(int exitCode, params string[] arguments) =>
        Assert.Equal(exitCode, (await _home.RunAsync(arguments)).ExitCode);

    [Fact]
    public async Task A_bare_log_name_refers_to_the_state_directory()
    {
        var run = await _home
            .StartShell(
                $"export XDG_STATE_HOME={_home.Work}/state; fairlead log append log://orders hello && fairlead log replay log://orders "
                    + "&& stat -c %a state/fairlead state/fairlead/orders")
            .EndAsync();
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal("hello\n700\n700\n", run.Output);
    }
}
