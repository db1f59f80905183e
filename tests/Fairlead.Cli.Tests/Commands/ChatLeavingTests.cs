using Fairlead.Cli.Tests.Running;
using Fairlead.Tests;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>Everybody in a room sees by name who leaves.</summary>
public sealed class ChatLeavingTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Server_shows_the_lines_of_the_session_in_the_page()
    {
        var shown = File.ReadLines(SourceTree.At("docs/chat.md"))
            .SkipWhile(static line => !line.StartsWith("$ fairlead chat serve", StringComparison.Ordinal))
            .Skip(1)
            .TakeWhile(static line => !line.StartsWith("```", StringComparison.Ordinal))
            .Select(static line => line.Split("   ")[0].TrimEnd())
            .Where(static line => !line.StartsWith('>'));
        var (server, address) = await _home.ServeAsync("chat", "serve", "unix://chat");
        var ada = _home.Start("chat", "join", address, "--name", "ada");
        List<string?> lines = [await server.LineAsync(), await server.LineAsync()];
        _home.Start("chat", "join", address);
        lines.Add(await server.LineAsync());
        await ada.SayAsync("hello");
        lines.Add(await server.LineAsync());
        await ada.SayAsync("@server is it safe?");
        lines.Add(await server.LineAsync());
        await ada.SayAsync("end");
        lines.Add(await server.LineAsync());

        // The page shows the second client, which it leaves out at the right, asking.
        Assert.Equal(shown, lines.Select(static line => line!.Replace("1 ada to you", "2 to you", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("end", "* client 1 ada left")]
    [InlineData("/quit", "* client 1 ada left")]
    [InlineData("INT", "* client 1 ada left")]
    [InlineData("KILL", "* client 1 ada left: it died")]
    public async Task Client_that_leaves_is_named_to_the_operator_and_to_the_others(string how, string expected)
    {
        var (server, address) = await _home.ServeAsync("chat", "serve", "unix://chat");
        var ada = _home.Start("chat", "join", address, "--name", "ada");
        Assert.Equal("* client 1 joined", await server.LineAsync());
        Assert.Equal("* client 1 is now ada", await server.LineAsync());
        var other = _home.Start("chat", "join", address);
        Assert.Equal("* client 2 joined", await server.LineAsync());
        Assert.Equal("* you are client 2; 1 client is here: 1 ada", await other.LineAsync());
        await (char.IsUpper(how[0]) ? ada.SignalAsync(how) : ada.SayAsync(how));

        Assert.Equal(expected, await server.LineAsync());
        Assert.Equal(expected, await other.LineAsync());
    }
}
