using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>Calls of a client that goes while the server is still taking them.</summary>
public sealed class LeavingClientTests
{
    private const int Calls = 20;
    private const int Repetitions = 50;

    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    public static TheoryData<string, bool> Orders
    {
        get
        {
            TheoryData<string, bool> orders = [];
            foreach (string transport in (string[])["inproc", "unix", "shm"])
            {
                orders.Add(transport, false);
                orders.Add(transport, true);
            }

            return orders;
        }
    }

    /// <summary>
    /// Holds that the end of a connection reaches each of its calls. The server drops those that it has not taken, and cancels the others,
    /// also those that it takes while the connection ends. None stays in the queue, whose first call runs all the time.
    /// </summary>
    [Theory]
    [MemberData(nameof(Orders))]
    public async Task Calls_of_a_leaving_client_leave_the_queue(string transport, bool untilAllWait)
    {
        SerialTurns service = new();
        await using RpcServer server = await Rpc.ServeAsync<ITurns>(Places.New(transport), service);
        await using RpcClient<ITurns> stays = await Rpc.ConnectAsync<ITurns>($"{server.Addresses[0]}");
        Task held = stays.Service.HoldAsync().AsTask();
        Assert.True(await service.Holding.WaitAsync(Watchdog));
        for (int i = 0; i < Repetitions; i++)
        {
            RpcClient<ITurns> goes = await Rpc.ConnectAsync<ITurns>($"{server.Addresses[0]}");
            Task<int>[] lost = [.. Enumerable.Range(0, Calls).Select(number => goes.Service.AwaitAsync(number).AsTask())];
            Assert.True(!untilAllWait || SpinWait.SpinUntil(() => server.Waiting == Calls, Watchdog));
            await goes.DisposeAsync();
            foreach (Task<int> call in lost)
            {
                await Assert.ThrowsAnyAsync<Exception>(() => call.WaitAsync(Watchdog));
            }

            // A call that the server has taken may come into the queue later than this. If it stayed there, the next repetition would wait.
            Assert.True(SpinWait.SpinUntil(() => server.Waiting == 0, Watchdog), $"{server.Waiting} wait in repetition {i}");
        }

        Assert.Equal([-1], service.Begun);
        Task<int> behind = stays.Service.AwaitAsync(100).AsTask();
        service.Gate.SetResult();
        await held.WaitAsync(Watchdog);
        Assert.Equal(100, await behind.WaitAsync(Watchdog));
        Assert.True(SpinWait.SpinUntil(() => server.Waiting == 0, Watchdog));
    }
}
