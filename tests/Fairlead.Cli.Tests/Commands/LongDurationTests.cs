using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>Durations that are longer than a timer of the base library runs, and those without an end.</summary>
[FullRun(Reason.Waits)]
public sealed class LongDurationTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("infinite", "infinite")]
    [InlineData("60d", "60d")]
    [InlineData("10000000d", "10000000d")]
    public async Task Very_long_waits_and_timeouts_do_not_end_early(string wait, string timeout)
    {
        ToolProcess request = _home.Start("request", "unix://late", "hello", "--wait", wait, "--timeout", timeout);
        ToolProcess get = _home.Start("get", "date", "unix://date", "--wait", wait, "--timeout", timeout);
        ToolProcess receive = _home.Start("receive", "unix://late-receiver", "--connect", "--wait", wait, "--timeout", timeout);

        // They come first, and wait: this one takes the time that they need.
        Assert.Equal(124, (await _home.RunAsync("receive", "unix://clock", "--timeout", "1s")).ExitCode);
        await _home.ServeAsync("reply", "unix://late", "--echo");
        await _home.ServeAsync("serve", "date", "unix://date");
        ToolProcess send = _home.Start("send", "unix://late-receiver", "hello", "--bind");
        Assert.Equal("hello", await request.LineAsync());
        Assert.NotNull(await get.LineAsync());
        Assert.Equal("hello", await receive.LineAsync());
        Assert.Equal(0, (await send.ExitAsync()).ExitCode);
    }
}
