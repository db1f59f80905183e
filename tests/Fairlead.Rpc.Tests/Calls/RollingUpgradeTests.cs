using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>The instances of a service are replaced by those of another version, which has the members of the former and more.</summary>
[SlowRun]
public sealed class RollingUpgradeTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);
    private readonly string _name = $"rolled-{Guid.NewGuid():N}"[..16];

    [Theory]
    [InlineData("blocking")]
    [InlineData("awaited")]
    [InlineData("with metadata")]
    [InlineData("stream")]
    [InlineData("upload")]
    [InlineData("callback")]
    public async Task The_first_call_to_the_other_version_is_executed(string kind)
    {
        RpcServer older = await Rpc.ServeAsync<IRolled>(_name, new Rolled());
        await using RpcClient<IRolled> client = await Rpc.ConnectAsync<IRolled>(_name);
        await CallAsync(client.Service, kind).WaitAsync(Watchdog);
        await LeaveAsync(older, client);
        RpcServer newer = await Rpc.ServeAsync<IRolledMore>(_name, new Rolled());
        await CallAsync(client.Service, kind).WaitAsync(Watchdog);

        // And back.
        await LeaveAsync(newer, client);
        await using RpcServer last = await Rpc.ServeAsync<IRolled>(_name, new Rolled());
        await CallAsync(client.Service, kind).WaitAsync(Watchdog);
    }

    /// <summary>A call that an instance of the former version may have executed.</summary>
    [Fact]
    public async Task A_call_is_repeated_only_if_the_other_version_declares_it_idempotent()
    {
        TaskCompletionSource began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        RpcServer older = await Rpc.ServeAsync<IGuarded>(
            _name,
            new Guarded(async (_, cancellationToken) =>
            {
                began.TrySetResult();
                await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
                return 0;
            }),
            new RpcServerOptions { ShutdownTimeout = TimeSpan.Zero });
        await using RpcClient<IGuarded> client = await Rpc.ConnectAsync<IGuarded>(_name);
        Task<int> result = client.Service.RepeatAsync(1).AsTask();
        await began.Task.WaitAsync(Watchdog);
        GuardedOnce once = new();
        await using RpcServer newer = await Rpc.ServeAsync<IGuardedOnce>(_name, once);
        await older.DisposeAsync();
        var lost = await Assert.ThrowsAnyAsync<FairleadException>(() => result.WaitAsync(Watchdog));
        Assert.Equal((DeliveryStatus.Unknown, 0), (lost.Delivery, once.Calls));
        Assert.Equal(2, await client.Service.RepeatAsync(2).AsTask().WaitAsync(Watchdog));
        Assert.Equal(1, once.Calls);
    }

    // Returns when the client has noticed: a call with streams is not tried again.
    private static async Task LeaveAsync(RpcServer server, RpcClient<IRolled> client)
    {
        await server.DisposeAsync();
        Assert.True(SpinWait.SpinUntil(() => client.Address is null, Watchdog));
    }

    private static async Task CallAsync(IRolled service, string kind)
    {
        switch (kind)
        {
            case "blocking":
                Assert.Equal(5, await Task.Run(() => service.Add(2, 3)));
                break;
            case "awaited":
                Assert.Equal(5, await service.AddAsync(2, 3));
                break;
            case "with metadata":
                using (new RpcCallOptions { Metadata = new Dictionary<string, string> { ["name"] = "text" } }.Use())
                {
                    Assert.Equal(5, await service.AddAsync(2, 3));
                }

                break;
            case "stream":
                Assert.Equal(100, await service.CountAsync(100).CountAsync());
                break;
            case "upload":
                Assert.Equal(4950, await service.SumAsync(AsyncEnumerable.Range(0, 100)));
                break;
            default:
                Assert.Equal(14, await service.AskBackAsync(new Watcher(), 7));
                break;
        }
    }
}

[RpcContract]
public interface IRolled : IBesieged
{
    int Add(int a, int b);
}

/// <summary>Its members have other numbers: the additional one is the first.</summary>
[RpcContract]
public interface IRolledMore
{
    int Additional();

    int Add(int a, int b);

    ValueTask<int> AddAsync(int a, int b, CancellationToken cancellationToken = default);

    IAsyncEnumerable<int> CountAsync(int count, CancellationToken cancellationToken = default);

    ValueTask<long> SumAsync(IAsyncEnumerable<int> numbers, CancellationToken cancellationToken = default);

    ValueTask<int> AskBackAsync(IWatcher watcher, int number, CancellationToken cancellationToken = default);

    ValueTask LastAsync(byte[] data, CancellationToken cancellationToken = default);

    ValueTask<int> PointsAsync(Dictionary<Point, int> points, CancellationToken cancellationToken = default);
}

internal sealed class Rolled : Besieged, IRolled, IRolledMore
{
    public int Additional() => 1;

    public int Add(int a, int b) => a + b;
}

/// <summary>A version of <see cref="IGuarded"/> whose calls may do harm if they are repeated.</summary>
[RpcContract]
public interface IGuardedOnce
{
    int Additional();

    ValueTask<int> PassAsync(int number, CancellationToken cancellationToken = default);

    ValueTask<int> RepeatAsync(int number, CancellationToken cancellationToken = default);
}

internal sealed class GuardedOnce : IGuardedOnce
{
    private int _calls;

    public int Calls => Volatile.Read(ref _calls);

    public int Additional() => 1;

    public ValueTask<int> PassAsync(int number, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        return new(number);
    }

    public ValueTask<int> RepeatAsync(int number, CancellationToken cancellationToken) => PassAsync(number, cancellationToken);
}
