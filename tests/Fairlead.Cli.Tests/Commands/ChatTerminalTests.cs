using Fairlead.Cli.Tests.Running;
using Fairlead.Processes;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>A chat on a terminal that a shell has had in between.</summary>
[FullRun(Reason.Variants)]
public sealed class ChatTerminalTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [NeedsProgramFact("script")]
    public async Task The_reading_window_shows_lines_typed_in_the_input_window()
    {
        var (server, address) = await _home.ServeAsync("chat", "serve", "unix://chat");
        var tool = string.Join(' ', ToolHome.Tool);
        var client = _home.StartShell($"TERM=xterm exec script -qec 'exec {tool} chat join {address} --input-fifo typed' /dev/null");
        Assert.Equal("* client 1 joined", await server.LineAsync());
        Assert.StartsWith("* you are client 1; ", await client.LineAsync(), StringComparison.Ordinal);
        var typing = _home.Start("chat", "input", "typed", "--wait", "1m");
        await typing.SayAsync("hello");
        Assert.Equal("1: hello", await server.LineAsync());
        Assert.Equal("> hello", (await client.LineAsync())?.TrimEnd('\r'));
        await typing.SayAsync("end");
        Assert.Equal(0, (await typing.ExitAsync()).ExitCode);
        Assert.Equal(0, (await client.ExitAsync()).ExitCode);
    }

    [NeedsProgramFact("script")]
    public async Task A_line_can_be_edited_after_the_job_returns_to_the_foreground()
    {
        var (server, address) = await _home.ServeAsync("chat", "serve", "unix://chat");
        var tool = string.Join(' ', ToolHome.Tool);
        var client = _home.StartShell(
            $"TERM=xterm exec script -qec 'echo $$ > number; mv number pid; exec {tool} chat join {address}' /dev/null");
        Assert.Equal("* client 1 joined", await server.LineAsync());
        var pid = (await _home.FileAsync("pid")).Trim();
        await KeysAsync("a");
        await UntilAsync("> a\e[K");

        // As a shell leaves the terminal that runs the program in the foreground again.
        Assert.Equal(0, (await _home.StartShell($"stty icanon echo < /proc/{pid}/fd/0").EndAsync()).ExitCode);
        using (var process = ProcessHandle.Open(int.Parse(pid, System.Globalization.CultureInfo.InvariantCulture)))
        {
            process.Send(Signal.Continue);
        }

        await UntilAsync("> a\e[K");
        await KeysAsync("b");
        await UntilAsync("> ab\e[K");
        await KeysAsync("\r");
        Assert.Equal("1: ab", await server.LineAsync());
        await KeysAsync("end\r");
        Assert.Equal(0, (await client.ExitAsync()).ExitCode);

        async Task KeysAsync(string keys)
        {
            await client.Input.WriteAsync(keys);
            await client.Input.FlushAsync();
        }

        async Task UntilAsync(string shown)
        {
            var seen = "";
            var bytes = new byte[1];
            using var watchdog = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            while (!seen.EndsWith(shown, StringComparison.Ordinal))
            {
                Assert.True(await client.Output.ReadAsync(bytes, watchdog.Token) > 0, $"'{shown}' is not in '{seen}'");
                seen += (char)bytes[0];
            }
        }
    }
}
