using System.Runtime.CompilerServices;
using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Streaming;

/// <summary>Streams to a service whose connection comes after their first items.</summary>
public sealed class LateConnectionTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Items_produced_before_the_connection_arrive_unchanged()
    {
        await using RpcServer server = await Rpc.ServeAsync<IStreams>($"unix://late-{Guid.NewGuid():N}", new Contracts.Streams());
        RequesterLane real = await RequesterLane.ConnectAsync(server.Addresses[0], new EndpointOptions(), CancellationToken.None);
        TaskCompletionSource<IRpcLane> found = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource[] gates = [new(), new()];
        RpcContract<IStreams> contract = RpcContracts.Of<IStreams>();
        IStreams service = contract.CreateStub(RpcChannel.Between(new LateLane(found.Task), contract.Description, new RpcClientOptions()));
        Task<long> sum = service.SumAsync(Items()).AsTask();

        // SetResult runs the enumerator up to its next wait: each item makes a separate batch.
        gates[0].SetResult();
        gates[1].SetResult();
        found.SetResult(real);
        Assert.Equal(6, await sum.WaitAsync(Watchdog));
        await real.DisposeAsync();

        async IAsyncEnumerable<int> Items([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            yield return 1;
            await gates[0].Task.WaitAsync(cancellationToken);
            yield return 2;
            await gates[1].Task.WaitAsync(cancellationToken);
            yield return 3;
        }
    }

    private sealed class LateLane(Task<IRpcLane> lane) : IRpcLane
    {
        public Fairlead.Peer? Peer => null;

        public Address? Address => null;

        public ValueTask<IRpcLane> PinAsync(TimeSpan? limit, CancellationToken cancellationToken) => new(lane);

        public Message Request(ReadOnlySpan<byte> frame, RequestOptions options, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<Message> RequestAsync(ReadOnlySpan<byte> frame, RequestOptions options, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}
