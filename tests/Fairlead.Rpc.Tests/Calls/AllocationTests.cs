using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>Calls allocate nothing, or little, on the threads that execute them.</summary>
[FullRun(Reason.Measures)]
public sealed class AllocationTests
{
    private const int Calls = 10_000;

    // Compilation and rare growth are counted too, but not one object a call, which has 24 bytes.
    private const int Tolerance = 4 * Calls;

    // The compiler replaces code that allocates while the calls run.
    private const int Attempts = 40;

    [Theory]
    [InlineData("shm", 0)]
    [InlineData("shm", 1)]
    [InlineData("unix", 0)]
    [InlineData("unix", 1)]
    public async Task A_blocking_call_of_primitives_allocates_nothing_at_either_side(string transport, int threads)
    {
        using Meeting service = new();
        await using RpcServer server = await ServeAsync(service, transport, threads);
        using RpcClient<IMeeting> client = await Rpc.ConnectAsync<IMeeting>($"{server.Addresses[0]}");
        (long atClient, long atServer) = (0, 0);
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            service.Forget();
            int wrong = 0;
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < Calls; i++)
            {
                wrong += client.Service.Count(i, 1) == i + 1 ? 0 : 1;
            }

            atClient = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(0, wrong);
            atServer = service.AllocatedBetween;
            if (atClient < Tolerance && atServer < Tolerance && service.Followed > Calls / 2)
            {
                return;
            }
        }

        Assert.Fail($"{Calls} calls allocate {atClient} bytes at the client, and {service.Followed} of them {atServer} at the server");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task An_awaited_call_allocates_one_small_object_at_the_server(int threads)
    {
        const int SmallObject = 64;
        using Meeting service = new();
        await using RpcServer server = await ServeAsync(service, "shm", threads);
        await using RpcClient<IMeeting> client = await Rpc.ConnectAsync<IMeeting>($"{server.Addresses[0]}");
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            service.Forget();
            for (int i = 0; i < Calls; i++)
            {
                Assert.Equal(i + 1, await client.Service.CountAsync(i, 1));
            }

            if (service.AllocatedBetween < SmallObject * (long)Calls && service.Followed > Calls / 2)
            {
                return;
            }
        }

        Assert.Fail($"{service.Followed} calls allocate {service.AllocatedBetween} bytes at the server");
    }

    private static ValueTask<RpcServer> ServeAsync(IMeeting service, string transport, int threads) =>
        Rpc.ServeAsync(Places.New(transport), service, new RpcServerOptions { BlockingThreads = threads });
}
