using System.Globalization;
using Fairlead.Cli.Tests.Running;
using Fairlead.Memory;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>The clock in a System V segment, among others of its kind.</summary>
[FullRun(Reason.Variants)]
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
    public async Task A_server_that_ends_does_not_remove_the_segment_of_another_server()
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

    [Fact]
    public async Task The_segment_has_the_permissions_of_the_mode_option()
    {
        var server = _home.Start("serve", "shmtime", "--key", Key, "--mode", "666");
        Assert.Equal(0, await AskAsync());
        Assert.Equal(0x1B6, (int)SharedRegion.FindSystemV(_key)!.Mode);
        await server.SignalAsync("TERM");
        await server.ExitAsync();
    }

    [Theory]
    [InlineData("shmtime", "8666")]
    [InlineData("shmtime", "1777")]
    [InlineData("echo", "666")]
    public async Task Invalid_permissions_and_permissions_without_a_segment_are_refused(string service, string mode)
    {
        var refused = await _home.RunAsync("serve", service, service == "echo" ? "unix://echo" : "--once", "--mode", mode, "--key", Key);
        Assert.True(refused is { ExitCode: 2, Output: "" }, refused.ToString());
        Assert.Contains("permissions", refused.Error, StringComparison.Ordinal);
    }

    private ToolProcess Serve() => _home.Start("serve", "shmtime", "--key", Key);

    private async Task<int> AskAsync() =>
        (await _home.RunAsync("get", "shmtime", "--key", Key, "--wait", "1m", "--timeout", "1m")).ExitCode;
}
