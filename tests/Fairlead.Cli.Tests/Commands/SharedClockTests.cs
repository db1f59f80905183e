using System.Globalization;
using Fairlead.Cli.Tests.Running;
using Fairlead.Memory;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>The clock in a System V segment, among others of its kind.</summary>
public sealed class SharedClockTests : IDisposable
{
    private readonly ToolHome _home = new();
    private readonly int _key = Random.Shared.Next(1, int.MaxValue);

    private string Key => _key.ToString(CultureInfo.InvariantCulture);

    public void Dispose()
    {
        _home.Dispose();
        SharedRegion.RemoveSystemV(_key);
    }

    [Fact]
    public async Task A_server_that_ends_leaves_the_segment_of_another()
    {
        var first = Serve();
        Assert.Equal(0, await AskAsync());
        Assert.True(SharedRegion.RemoveSystemV(_key));
        var second = Serve();
        Assert.Equal(0, await AskAsync());
        await first.SignalAsync("TERM");
        await first.ExitAsync();
        Assert.Equal(0, await AskAsync());
        await second.SignalAsync("TERM");
        await second.ExitAsync();
        Assert.Null(SharedRegion.FindSystemV(_key));
    }

    private ToolProcess Serve() => _home.Start("serve", "shmtime", "--key", Key);

    private async Task<int> AskAsync() =>
        (await _home.RunAsync("get", "shmtime", "--key", Key, "--wait", "1m", "--timeout", "1m")).ExitCode;
}
