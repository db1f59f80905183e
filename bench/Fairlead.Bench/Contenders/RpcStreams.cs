using Fairlead.Rpc;

namespace Fairlead.Bench.Contenders;

/// <summary>A stream as the result of a remote procedure call.</summary>
internal sealed class RpcStreams(string scheme = "unix") : Contender<ItemReader>(Naming.Of("Rpc, stream", scheme))
{
    public override void Serve(Session session, Action listening) => RpcServing.Serve(session.AddressOf(scheme), listening);

    public override ItemReader Connect(Session session) => new Client(RpcServing.Connect(session.AddressOf(scheme)));

    private sealed class Client(RpcClient<ISums> client) : ItemReader
    {
        public override async Task ReadAsync(int count)
        {
            int due = 0;
            await foreach (Item item in client.Service.ListAsync(count).ConfigureAwait(false))
            {
                Check(item, due++);
            }

            CheckCount(due, count);
        }

        public override void Dispose() => client.Dispose();
    }
}
