using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>Values that take far more memory than their bytes count in the share of their client as long as they are used.</summary>
public sealed class DecodedMemoryTests
{
    // An item of a stream that is longer than a batch.
    private const int Tables = 70_000;

    // A dictionary without elements takes 80 bytes, and its place in the list 8.
    private const int Memory = Tables * 88;
    private const int Budget = Memory * 3 / 2;
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("inproc")]
    [InlineData("unix")]
    public async Task The_memory_of_arguments_is_counted_while_their_call_runs(string transport)
    {
        Hoarder service = new();
        await using RpcServer server = await Rpc.ServeAsync<IHoarder>(
            Contracts.Places.New(transport), service, new RpcServerOptions { MaxQueuedBytesPerClient = Budget });
        await using RpcClient<IHoarder> client = await Rpc.ConnectAsync<IHoarder>($"{server.Addresses[0]}");
        List<Dictionary<int, int>> tables = Many();
        Task<int> first = client.Service.KeepAsync(tables).AsTask();
        Assert.True(await service.Begun.WaitAsync(Watchdog));
        Assert.InRange(server.HeldBytes, Memory - Tables, Memory + (2 * Tables));

        var refused = await Assert.ThrowsAsync<FairleadException>(() => client.Service.KeepAsync(tables).AsTask().WaitAsync(Watchdog));
        Assert.Equal((ErrorCode.Full, DeliveryStatus.NotDelivered), (refused.Code, refused.Delivery));
        Assert.Contains($"left of the {Budget} bytes that the server keeps for one client", refused.Message, StringComparison.Ordinal);

        // The next is not read at all: what came of the last one says that its values have no room either. A smaller one has.
        refused = await Assert.ThrowsAsync<FairleadException>(() => client.Service.KeepAsync(tables).AsTask().WaitAsync(Watchdog));
        Assert.Equal((ErrorCode.Full, DeliveryStatus.NotDelivered), (refused.Code, refused.Delivery));
        Assert.Contains($"bytes wait at the server, which accepts {Budget}", refused.Message, StringComparison.Ordinal);
        Task<int> small = client.Service.KeepAsync(tables[..(Tables / 10)]).AsTask();
        Assert.True(await service.Begun.WaitAsync(Watchdog));
        service.Gate.SetResult();
        Assert.Equal(Tables / 10, await small.WaitAsync(Watchdog));
        Assert.Equal(Tables, await first.WaitAsync(Watchdog));
        Assert.True(SpinWait.SpinUntil(() => server.HeldBytes == 0, Watchdog), $"{server.HeldBytes}");
        Assert.Equal(Tables, await client.Service.KeepAsync(tables).AsTask().WaitAsync(Watchdog));
    }

    /// <summary>A call that is alone may exceed the limit with its bytes, and so with its values.</summary>
    [Fact]
    public async Task A_call_that_runs_alone_may_exceed_the_memory_limit()
    {
        Hoarder service = new();
        service.Gate.SetResult();
        await using RpcServer server = await Rpc.ServeAsync<IHoarder>(
            Contracts.Places.New("unix"), service, new RpcServerOptions { MaxQueuedBytesPerClient = 1000 });
        await using RpcClient<IHoarder> client = await Rpc.ConnectAsync<IHoarder>($"{server.Addresses[0]}");
        Assert.Equal(Tables, await client.Service.KeepAsync(Many()).AsTask().WaitAsync(Watchdog));
    }

    [Fact]
    public async Task The_memory_of_an_item_is_counted_until_its_batch_was_read()
    {
        Hoarder service = new();
        await using RpcServer server = await Rpc.ServeAsync<IHoarder>(
            Contracts.Places.New("unix"), service, new RpcServerOptions { MaxQueuedBytesPerClient = Budget });
        await using RpcClient<IHoarder> client = await Rpc.ConnectAsync<IHoarder>($"{server.Addresses[0]}");
        Task<int> reading = client.Service.ReadAsync(ItemsAsync()).AsTask();
        Assert.True(await service.Begun.WaitAsync(Watchdog));
        Assert.InRange(server.HeldBytes, Memory - Tables, Memory + (4 * Tables));
        service.Gate.SetResult();
        Assert.Equal(3 * Tables, await reading.WaitAsync(Watchdog));
        Assert.True(SpinWait.SpinUntil(() => server.HeldBytes == 0, Watchdog), $"{server.HeldBytes}");
    }

    private static List<Dictionary<int, int>> Many() => [.. Enumerable.Repeat(new Dictionary<int, int>(), Tables)];

    private static async IAsyncEnumerable<List<Dictionary<int, int>>> ItemsAsync()
    {
        for (int i = 0; i < 3; i++)
        {
            await Task.Yield();
            yield return Many();
        }
    }
}
