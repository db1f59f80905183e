using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Tests.Contracts;
using Client = Fairlead.Peer;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>Long arguments of one client are read one after the other. Those of others, and the services, do not wait.</summary>
public sealed class LongReadTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);
    private static readonly Client One = new() { ProcessId = 1 };
    private static readonly Client Again = new() { ProcessId = 1 };
    private static readonly Client Other = new() { ProcessId = 2 };
    private readonly Clock _clock = new();
    private readonly LongReads _reads;

    public LongReadTests() => _reads = new LongReads(new RpcServerOptions { Endpoint = new EndpointOptions { TimeProvider = _clock } });

    [Fact]
    public void A_long_read_waits_only_for_reads_of_its_client()
    {
        LongRead first = _reads.Enter(One);
        Assert.True(first.IsHere);
        LongRead second = _reads.Enter(Again);
        LongRead third = _reads.Enter(One);
        Assert.False(second.IsHere || second.Turn.IsCompleted || third.Turn.IsCompleted);
        Assert.True(_reads.Enter(Other).IsHere);
        first.End();
        first.End();
        Assert.True(second.Turn.IsCompleted);
        Assert.False(third.Turn.IsCompleted);
        second.End();
        Assert.True(third.Turn.IsCompleted);
        third.End();
        Assert.True(_reads.Enter(One).IsHere);
    }

    [Fact]
    public void After_a_slow_read_the_next_read_leaves_the_receiving_thread()
    {
        LongRead slow = _reads.Enter(One);
        _clock.Now += TimeSpan.FromMilliseconds(1);
        slow.End();
        LongRead elsewhere = _reads.Enter(Again);
        Assert.False(elsewhere.IsHere);
        Assert.True(elsewhere.Turn.IsCompleted);
        elsewhere.End();
        Assert.True(_reads.Enter(One).IsHere);
    }

    [Fact]
    public void A_client_that_has_left_is_forgotten()
    {
        LongRead slow = _reads.Enter(One);
        _reads.Leave(One);
        _clock.Now += TimeSpan.FromMilliseconds(1);
        slow.End();
        _reads.Leave(One);
        Assert.True(_reads.Enter(One).IsHere);
    }

    /// <summary>Only reading has turns: a call may wait for another of its client.</summary>
    [Theory]
    [InlineData("inproc", 0)]
    [InlineData("unix", 0)]
    [InlineData("shm", 1)]
    public async Task A_service_that_blocks_delays_no_long_call(string transport, int blockingThreads)
    {
        using ManualResetEventSlim gate = new();
        using SemaphoreSlim begun = new(0);
        RpcServerOptions options = new() { BlockingThreads = blockingThreads };
        await using RpcServer server = await Rpc.ServeAsync<IBlocking>(Contracts.Places.New(transport), new Blocking(gate, begun), options);
        await using RpcClient<IBlocking> client = await Rpc.ConnectAsync<IBlocking>($"{server.Addresses[0]}");
        // All calls have room in the memory that both ends share, of which the blocked one keeps its part.
        byte[] data = new byte[2 * ClientShares.LongCall];
        Task<int> blocked = Task.Run(() => client.Service.Block(data));
        Assert.True(await begun.WaitAsync(Watchdog));
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(data.Length, await client.Service.MeasureAsync(data).AsTask().WaitAsync(Watchdog));
        }

        Assert.False(blocked.IsCompleted);
        gate.Set();
        Assert.Equal(data.Length, await blocked.WaitAsync(Watchdog));
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}

[RpcContract]
public interface IBlocking
{
    int Block(byte[] data);

    ValueTask<int> MeasureAsync(byte[] data, CancellationToken cancellationToken = default);
}

internal sealed class Blocking(ManualResetEventSlim gate, SemaphoreSlim begun) : IBlocking
{
    public int Block(byte[] data)
    {
        begun.Release();
        gate.Wait();
        return data.Length;
    }

    public ValueTask<int> MeasureAsync(byte[] data, CancellationToken cancellationToken) => new(data.Length);
}
