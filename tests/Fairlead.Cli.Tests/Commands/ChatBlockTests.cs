using System.Text;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>chat --block: lines that do not fit a block, or cannot stand in one, do not end a room.</summary>
[FullRun(Reason.Variants)]
public sealed class ChatBlockTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task The_room_survives_a_refused_client_whose_refusal_does_not_fit_a_block()
    {
        // The refusal is longer than a block.
        var (server, address) = await _home.ServeAsync("chat", "serve", "tcp://127.0.0.1:0", "--block", "32", "--max", "1");
        var first = _home.Start("chat", "join", address);
        Assert.Equal("* client 1 joined", await server.LineAsync());
        var second = _home.Start("chat", "join", address);
        Assert.StartsWith("* refused ", await server.LineAsync(), StringComparison.Ordinal);
        await second.ExitAsync();
        await first.SayAsync("still here");
        Assert.Equal("1: still here", await server.LineAsync());
        await server.SayAsync("so am I");
        Assert.Equal("so am I", await first.LineAsync());
    }

    [Fact]
    public async Task A_line_that_does_not_fit_a_block_with_its_prefix_disconnects_no_other_client()
    {
        var (server, address) = await _home.ServeAsync("chat", "serve", "tcp://127.0.0.1:0", "--block", "32");
        var speaker = _home.Start("chat", "join", address);
        Assert.Equal("* client 1 joined", await server.LineAsync());
        var other = _home.Start("chat", "join", address);
        Assert.Equal("* client 2 joined", await server.LineAsync());

        // A block holds it and its NUL.
        var longest = new string('x', 31);
        await speaker.SayAsync(longest, "short");
        Assert.Equal($"1: {longest}", await server.LineAsync());
        Assert.StartsWith("* client 2 did not get a line of 34 bytes", await server.LineAsync(), StringComparison.Ordinal);
        Assert.Equal("1: short", await server.LineAsync());
        Assert.Equal("1: short", await other.LineAsync());
    }

    [Fact]
    public async Task Input_blocks_may_contain_remains_of_longer_lines_after_the_NUL()
    {
        var (server, address) = await _home.ServeAsync("chat", "serve", "unix://room");
        var client = _home.Start("chat", "join", address, "--input-fifo", "typed", "--block", "64");
        Assert.Equal("* client 1 joined", await server.LineAsync());
        var buffer = new byte[64];
        using (var blocks = File.Create(Path.Combine(_home.Work, "blocks")))
        {
            foreach (var line in new[] { "a line that is rather long\n", "short\n", "end\n" })
            {
                Encoding.ASCII.GetBytes(line + "\0", buffer);
                await blocks.WriteAsync(buffer);
            }
        }

        Assert.Equal(0, (await _home.StartShell("until test -p typed; do sleep 0.05; done; cat blocks > typed").EndAsync()).ExitCode);
        Assert.Equal("1: a line that is rather long", await server.LineAsync());
        Assert.Equal("1: short", await server.LineAsync());
        Assert.Equal("* client 1 left", (await server.LineAsync())?[..15]);
        Assert.Equal(0, (await client.ExitAsync()).ExitCode);
    }

    [Fact]
    public async Task Chat_input_writes_each_typed_line_as_a_whole_block()
    {
        var reader = _home.StartShell("mkfifo typed; touch made; exec head -c 96 typed");
        await _home.FileAsync("made");
        var typing = _home.Start("chat", "input", "typed", "--block", "32", "--wait", "30s");
        await typing.SayAsync("a longer line", "2nd", new string('x', 31), "end");

        var typed = await typing.ExitAsync();
        Assert.Equal(0, typed.ExitCode);
        Assert.Contains("does not fit a block of 32 bytes", typed.Error, StringComparison.Ordinal);
        var read = await reader.EndAsync();
        string[] lines = ["a longer line\n", "2nd\n", "end\n"];
        Assert.Equal(string.Concat(lines.Select(static line => line.PadRight(32, '\0'))), read.Output);
    }

    [Fact]
    public async Task A_NUL_in_a_typed_line_ends_neither_a_room_nor_a_client()
    {
        var (server, address) = await _home.ServeAsync("chat", "serve", "tcp://127.0.0.1:0", "--block", "32");
        var client = _home.Start("chat", "join", address);
        Assert.Equal("* client 1 joined", await server.LineAsync());
        await server.SayAsync("\0one\0two\0");
        Assert.Equal("one two", await client.LineAsync());
        await client.SayAsync("\0three\0four\0");
        Assert.Equal("1: three four", await server.LineAsync());
    }
}
