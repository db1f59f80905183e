using Fairlead.Rpc;

namespace Fairlead.Bench.Contenders;

/// <summary>Type 4 as a remote procedure call: the client blocks until it has the sum.</summary>
internal sealed class RpcCalls(string scheme = "unix", int threads = 0)
    : Contender<Caller>(Naming.Of("Rpc, blocking", scheme, RpcServing.Mode(threads)))
{
    public override void Serve(Session session, Action listening) => RpcServing.Serve(session.AddressOf(scheme), listening, threads);

    public override Caller Connect(Session session) => new Client(RpcServing.Connect(session.AddressOf(scheme)));

    private sealed class Client(RpcClient<ISums> client) : BlockingCaller
    {
        private readonly ISums _sums = client.Service;

        public override void Call(ReadOnlySpan<byte> request, Span<byte> reply)
        {
            (int a, int b) = Summands.Of(request);
            Summands.Put(reply, _sums.Add(a, b));
        }

        public override void Dispose() => client.Dispose();
    }
}
