using Fairlead.Rpc;

namespace Fairlead.Bench.Contenders;

/// <summary>The two halves of every contender that calls <see cref="ISums"/> by Fairlead's remote procedure calls.</summary>
internal static class RpcServing
{
    /// <param name="address">Where to listen.</param>
    /// <param name="listening">Called when a client may connect.</param>
    /// <param name="threads">How many threads wait for calls and execute them; 0: those that all endpoints share.</param>
    public static void Serve(string address, Action listening, int threads = 0)
    {
        using var server = Rpc.Rpc.Serve<ISums>(address, new Sums(), new RpcServerOptions { BlockingThreads = threads });
        listening();
        server.Completion.GetAwaiter().GetResult();
    }

    /// <summary>The part of a contender's name that tells how its server waits.</summary>
    public static string Mode(int threads) => threads == 0 ? "" : "blocking server";

    public static RpcClient<ISums> Connect(string address) => Rpc.Rpc.Connect<ISums>(address);
}
