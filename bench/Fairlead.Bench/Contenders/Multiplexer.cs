using System.Net.Sockets;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// The baseline of concurrent calls: an asynchronous multiplexer over a plain Unix stream socket, written by hand for throughput. The
/// server answers all requests of one read with one write.
/// </summary>
/// <param name="tellsInline">Whether its callers continue on the thread that reads their replies; such callers must never block.</param>
internal sealed class Multiplexer(bool tellsInline)
    : Contender<ConcurrentCaller>(tellsInline ? "Socket, multiplexed, inline" : "Socket, multiplexed")
{
    public override void Serve(Session session, Action listening)
    {
        using var socket = UnixSockets.AcceptOne(session, listening);
        AnswerAsync(socket).GetAwaiter().GetResult();
    }

    public override ConcurrentCaller Connect(Session session) => new MultiplexerClient(UnixSockets.Connect(session), tellsInline);

    private static async Task AnswerAsync(Socket socket)
    {
        FrameReader requests = new();
        FrameWriter replies = new();
        while (await socket.ReceiveAsync(requests.Room()).ConfigureAwait(false) is > 0 and int count)
        {
            requests.Add(count);
            while (requests.TryTake(out int call, out var request))
            {
                replies.Append(call, request);
            }

            await socket.SendAllAsync(replies.Written).ConfigureAwait(false);
            replies.Clear();
        }
    }
}
