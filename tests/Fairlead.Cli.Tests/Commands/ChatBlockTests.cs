using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>chat --block: lines that do not fit a block, or cannot stand in one, do not end a room.</summary>
public sealed class ChatBlockTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_client_too_many_that_cannot_even_be_told_so_does_not_end_the_room()
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
    public async Task A_line_that_with_its_speaker_does_not_fit_a_block_sends_no_other_client_away()
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
