using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>fairlead watch: who comes to an address, and who leaves it.</summary>
public sealed class WatchTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Watch_reports_endpoints_that_appear_and_disappear()
    {
        var watch = _home.Start("watch", "unix://calc", "--count", "4");
        var (first, _) = await _home.ServeAsync("reply", "unix://calc", "--echo");
        Assert.Equal(["came", "unix://calc", "responder"], (await watch.LineAsync())!.Split('\t')[..3]);
        await _home.ServeAsync("reply", "unix://other", "--echo");
        await first.SignalAsync("KILL");
        Assert.Equal(["left", "unix://calc", "responder"], (await watch.LineAsync())!.Split('\t')[..3]);
        var (second, _) = await _home.ServeAsync("receive", "unix://calc");
        Assert.Equal(["came", "unix://calc", "receiver"], (await watch.LineAsync())!.Split('\t')[..3]);
        await second.SignalAsync("INT");
        Assert.Equal(["left", "unix://calc", "receiver"], (await watch.LineAsync())!.Split('\t')[..3]);
        Assert.Equal(0, (await watch.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Watch_with_all_reports_bound_and_connected_endpoints()
    {
        await _home.ServeAsync("receive", "unix://inbox");
        var watch = _home.Start("watch", "unix://inbox", "--all", "--output", "json", "--count", "3");
        Assert.StartsWith(
            """{"change":"came","endpoint":"unix://inbox","kind":"receiver","bound":true,"pid":""",
            await watch.LineAsync(),
            StringComparison.Ordinal);
        var sender = _home.Start("send", "unix://inbox", "-");
        Assert.StartsWith(
            """{"change":"came","endpoint":"unix://inbox","kind":"sender","bound":false,"pid":""",
            await watch.LineAsync(),
            StringComparison.Ordinal);
        sender.Close();
        Assert.StartsWith(
            """{"change":"left","endpoint":"unix://inbox","kind":"sender",""", await watch.LineAsync(), StringComparison.Ordinal);
        Assert.Equal(0, (await watch.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task A_watch_ends_by_a_signal()
    {
        var watch = _home.Start("watch", "unix://nobody");
        await watch.SignalAsync("INT");
        Assert.Equal(130, (await watch.EndAsync()).ExitCode);
    }
}
