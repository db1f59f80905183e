using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>A time-out limits the wait for others, and not the time that the reader of the output takes.</summary>
[FullRun(Reason.Waits)]
public sealed class BlockedOutputTests : IDisposable
{
    private const string Limit = "10s";

    // More than a pipe and the buffer of its reader hold.
    private const int Long = 1 << 20;

    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_listener_continues_after_its_output_was_unread_for_long()
    {
        var (listener, address) = await _home.ServeAsync(
            "listen", $"unix://{_home.Work}/talk", "--keep", "--count", "3", "--timeout", Limit);
        await using Pair client = await Pair.ConnectAsync(address);
        await client.SendAsync(new byte[Long].AsMemory());
        await client.SendAsync("second"u8.ToArray().AsMemory());
        await PassAsync();

        Assert.Equal(Long, (await listener.LineAsync())?.Length);
        Assert.Equal("second", await listener.LineAsync());
        await client.SendAsync("third"u8.ToArray().AsMemory());
        Outcome outcome = await listener.ExitAsync();
        Assert.True(outcome is { ExitCode: 0, Output: "third\n" }, outcome.ToString());
    }

    /// <summary>Waits for as long as the limit: until it has passed for another process.</summary>
    private async Task PassAsync() =>
        Assert.Equal(124, (await _home.RunAsync("receive", "unix://clock", "--timeout", Limit)).ExitCode);
}
