using Fairlead.Rpc;

namespace Fairlead.Bench.Contenders;

/// <summary>Many awaited remote procedure calls at once, through one client.</summary>
internal sealed class RpcCallers(string scheme = "unix", int threads = 0)
    : Contender<ConcurrentCaller>(Naming.Of("Rpc, async", scheme, RpcServing.Mode(threads)))
{
    public override void Serve(Session session, Action listening) => RpcServing.Serve(session.AddressOf(scheme), listening, threads);

    public override ConcurrentCaller Connect(Session session) => new Client(RpcServing.Connect(session.AddressOf(scheme)));

    private sealed class Client(RpcClient<ISums> client) : ConcurrentCaller
    {
        public override async Task CallAsync(EchoLoop loop)
        {
            ISums sums = client.Service;
            while (loop.Next())
            {
                loop.Check(await sums.AddAsync(loop.Caller, loop.Calls).ConfigureAwait(false));
            }
        }

        public override void Dispose() => client.Dispose();
    }
}
