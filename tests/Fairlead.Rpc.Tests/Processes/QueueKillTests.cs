using System.Runtime.CompilerServices;
using Fairlead.Rpc.Peer;

namespace Fairlead.Rpc.Tests.Processes;

/// <summary>Clients that are killed while their calls wait for their turn.</summary>
[SlowRun]
public sealed class QueueKillTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("shm")]
    [InlineData("unix")]
    public async Task The_calls_of_a_killed_client_leave_the_queue(string transport)
    {
        SerialWork service = new();
        await using RpcServer server = await Rpc.ServeAsync<IWork>(Contracts.Places.New(transport), service);
        await using RpcClient<IWork> client = await Rpc.ConnectAsync<IWork>($"{server.Addresses[0]}");
        Task<int> held = client.Service.OnceAsync(-1).AsTask();
        await service.Begun.Task.WaitAsync(Watchdog);
        using (RpcPeer.Start("call", $"{server.Addresses[0]}", "0", "20"))
        {
            Assert.True(SpinWait.SpinUntil(() => server.Waiting >= 19, Watchdog));
        }

        Assert.True(SpinWait.SpinUntil(() => server.Waiting == 0, Watchdog));
        Task<int> behind = client.Service.OnceAsync(100).AsTask();
        service.Gate.SetResult();
        Assert.Equal(-2, await held.WaitAsync(Watchdog));
        Assert.Equal(200, await behind.WaitAsync(Watchdog));
        Assert.Equal([-1, 100], service.Executed);
    }

    [Serial]
    private sealed class SerialWork : IWork
    {
        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        // One call at a time: without a lock.
        public List<int> Executed { get; } = [];

        public async ValueTask<int> OnceAsync(int number, CancellationToken cancellationToken)
        {
            Executed.Add(number);
            Begun.TrySetResult();
            await Gate.Task.WaitAsync(cancellationToken);
            return 2 * number;
        }

        public ValueTask<int> RepeatableAsync(int number, CancellationToken cancellationToken) => OnceAsync(number, cancellationToken);

        public async IAsyncEnumerable<int> EndlessAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.CompletedTask;
            yield break;
        }

        public ValueTask<long> UploadAsync(IAsyncEnumerable<byte[]> parts, CancellationToken cancellationToken) => default;

        public ValueTask<int> TellAsync(IEar ear, int count, CancellationToken cancellationToken) => default;

        public long PeakMemory() => 0;
    }
}
