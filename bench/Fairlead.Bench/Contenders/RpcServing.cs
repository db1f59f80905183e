using Fairlead.Rpc;

namespace Fairlead.Bench.Contenders;

/// <summary>The two halves of every contender that calls <see cref="ISums"/> by Fairlead's remote procedure calls.</summary>
internal static class RpcServing
{
    public static void Serve(string address, Action listening)
    {
        using var server = Rpc.Rpc.Serve<ISums>(address, new Sums());
        listening();
        server.Completion.GetAwaiter().GetResult();
    }

    public static RpcClient<ISums> Connect(string address) => Rpc.Rpc.Connect<ISums>(address);
}
