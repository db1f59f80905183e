using Fairlead.Rpc;

namespace Fairlead.Bench.Contenders;

/// <summary>Type 3 as a remote procedure call: the client awaits the sum.</summary>
internal sealed class RpcAsyncCalls(string scheme = "unix", int threads = 0)
    : Contender<Caller>(Naming.Of("Rpc, async", scheme, RpcServing.Mode(threads)))
{
    public override void Serve(Session session, Action listening) => RpcServing.Serve(session.AddressOf(scheme), listening, threads);

    public override Caller Connect(Session session) => new Client(RpcServing.Connect(session.AddressOf(scheme)));

    private sealed class Client(RpcClient<ISums> client) : AsyncCaller
    {
        private readonly ISums _sums = client.Service;

        public override async ValueTask CallAsync(ReadOnlyMemory<byte> request, Memory<byte> reply)
        {
            (int a, int b) = Summands.Of(request.Span);
            int sum = await _sums.AddAsync(a, b).ConfigureAwait(false);
            Summands.Put(reply.Span, sum);
        }

        public override void Dispose() => client.Dispose();
    }
}
