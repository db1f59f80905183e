using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Streaming;

/// <summary>What a connection has sent is released when it ends, whatever the service does.</summary>
public sealed class EndedConnectionTests
{
    private const int Item = 64 * 1024;
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("inproc")]
    [InlineData("unix")]
    [InlineData("tcp")]
    [InlineData("shm")]
    public async Task Items_that_a_service_ignores_are_released_with_their_connection(string transport)
    {
        Hoarder service = new();
        await using RpcServer server = await Rpc.ServeAsync<IHoarder>(Places.New(transport), service);
        RpcClient<IHoarder> client = await Rpc.ConnectAsync<IHoarder>($"{server.Addresses[0]}");
        Task ignored = client.Service.IgnoreAsync(ItemsAsync()).AsTask();
        Assert.True(await service.Begun.WaitAsync(Watchdog));
        Assert.True(SpinWait.SpinUntil(() => server.HeldBytes >= 2 * Item, Watchdog), $"{server.HeldBytes}");
        await client.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => ignored.WaitAsync(Watchdog));

        // The frame of the call itself stays: its service runs.
        Assert.True(SpinWait.SpinUntil(() => server.HeldBytes < Item, Watchdog), $"{server.HeldBytes}");
        Assert.NotEqual(0, server.HeldBytes);
        service.Gate.SetResult();
        Assert.True(SpinWait.SpinUntil(() => server.HeldBytes == 0, Watchdog), $"{server.HeldBytes}");
    }

    private static async IAsyncEnumerable<byte[]> ItemsAsync()
    {
        while (true)
        {
            await Task.Yield();
            yield return new byte[Item];
        }
    }
}
