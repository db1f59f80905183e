using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>A call that runs keeps its arguments in memory: its bytes count like those of a call that waits.</summary>
public sealed class RunningBytesTests
{
    private const int Length = 30_000;
    private const int Budget = 100_000;
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("inproc", 0)]
    [InlineData("unix", 0)]
    [InlineData("tcp", 0)]
    [InlineData("shm", 1)]
    public async Task Running_calls_fill_only_the_share_of_their_client(string transport, int blockingThreads)
    {
        RpcServerOptions options = new()
        {
            MaxQueuedBytesPerClient = Budget,
            BlockingThreads = blockingThreads,
            Clients = ReferenceEqualityComparer.Instance,
        };
        await using RpcServer server = await Rpc.ServeAsync<IBesieged>(Contracts.Places.New(transport), new Besieged(), options);
        await using RpcClient<IBesieged> greedy = await Rpc.ConnectAsync<IBesieged>($"{server.Addresses[0]}");
        await using RpcClient<IBesieged> other = await Rpc.ConnectAsync<IBesieged>($"{server.Addresses[0]}");
        using CancellationTokenSource end = new();
        List<Task> running = [.. Enumerable.Range(0, 3).Select(_ => greedy.Service.LastAsync(new byte[Length], end.Token).AsTask())];
        Assert.True(SpinWait.SpinUntil(() => server.HeldBytes >= 3 * Length, Watchdog));
        Assert.Equal(0, server.Waiting);

        var refused = await Assert.ThrowsAsync<FairleadException>(
            () => greedy.Service.LastAsync(new byte[Length], end.Token).AsTask().WaitAsync(Watchdog));
        Assert.Equal((ErrorCode.Full, DeliveryStatus.NotDelivered), (refused.Code, refused.Delivery));
        Assert.Contains($"bytes wait at the server, which accepts {Budget}", refused.Message, StringComparison.Ordinal);

        // Short calls of this client, and long ones of others, run.
        Assert.Equal(3, await greedy.Service.AddAsync(1, 2).AsTask().WaitAsync(Watchdog));
        running.Add(other.Service.LastAsync(new byte[Length], end.Token).AsTask());
        Assert.True(SpinWait.SpinUntil(() => server.HeldBytes >= 4 * Length, Watchdog));
        await end.CancelAsync();
        await Task.WhenAll(running).ContinueWith(static _ => { }, TaskScheduler.Default).WaitAsync(Watchdog);
        Assert.True(SpinWait.SpinUntil(() => server.HeldBytes == 0, Watchdog), $"{server.HeldBytes}");
    }

    /// <summary>The room of a call is free when its caller has the reply.</summary>
    [Theory]
    [InlineData("inproc", true)]
    [InlineData("unix", false)]
    public async Task Successive_calls_find_room(string transport, bool fails)
    {
        RpcServerOptions options = new() { MaxQueuedBytesPerClient = Budget };
        await using RpcServer server = await Rpc.ServeAsync<IMeasure>(Contracts.Places.New(transport), new Measure(), options);
        await using RpcClient<IMeasure> client = await Rpc.ConnectAsync<IMeasure>($"{server.Addresses[0]}");
        byte[] data = new byte[(Budget / 2) + 1];
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(data.Length, await client.Service.MeasureAsync(data).AsTask().WaitAsync(Watchdog));
            if (fails)
            {
                await Assert.ThrowsAsync<RpcException>(() => client.Service.FailAsync(data).AsTask().WaitAsync(Watchdog));
            }
        }
    }
}

[RpcContract]
public interface IMeasure
{
    ValueTask<int> MeasureAsync(byte[] data, CancellationToken cancellationToken = default);

    ValueTask FailAsync(byte[] data, CancellationToken cancellationToken = default);
}

internal sealed class Measure : IMeasure
{
    public async ValueTask<int> MeasureAsync(byte[] data, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return data.Length;
    }

    public async ValueTask FailAsync(byte[] data, CancellationToken cancellationToken)
    {
        await Task.Yield();
        throw new RpcException(data.Length, "as asked");
    }
}
