using Fairlead.Bench.Contenders;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench;

/// <content>Remote procedure calls.</content>
internal static partial class Rows
{
    private static IEnumerable<Scenario> RemoteCalls =>
        [
            new RoundTrip(
                "rpc-blocking-shm",
                Summands.Size,
                TimeSpan.Zero,
                new FairleadCalls("shm"),
                new FairleadHandled("shm"),
                new RpcCalls("shm", threads: 1) { Goal = 1.5 },
                new RpcCalls("shm"))
            {
                CountsServer = true,
            },
            new RoundTrip(
                "rpc-blocking-http2",
                Summands.Size,
                TimeSpan.Zero,
                new Http2Calls(),
                new RpcCalls("shm", threads: 1) { Goal = 0.05 },
                new RpcCalls("shm"),
                new RpcAsyncCalls("shm"))
            {
                CountsServer = true,
            },
            new RoundTrip(
                "rpc-unix",
                Summands.Size,
                TimeSpan.Zero,
                new SocketCalls(),
                new SocketAsyncCalls(),
                new RpcCalls(threads: 1) { Goal = 1.25 },
                new RpcCalls(),
                new RpcAsyncCalls())
            {
                CountsServer = true,
            },
            new ManyCallers(
                "rpc-callers-64",
                Summands.Size,
                64,
                new Http2Callers(),
                new Multiplexer(tellsInline: false),
                new RpcCallers { Goal = 2.5 },
                new RpcCallers("shm") { Goal = 8 },
                new RpcCallers("unix", threads: 1),
                new RpcCallers("shm", threads: 1))
            {
                CountsServer = true,
            },
            new ServerStream("rpc-stream", new SocketItems(), new RpcStreams { Goal = 3 }, new RpcStreams("shm")) { CountsServer = true },
        ];
}
