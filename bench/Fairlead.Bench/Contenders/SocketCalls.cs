using System.Net.Sockets;

namespace Fairlead.Bench.Contenders;

/// <summary>The baseline of round trips: blocking calls on a plain Unix stream socket, at both ends.</summary>
internal sealed class SocketCalls() : Contender<Caller>("Socket, blocking")
{
    public override void Serve(Session session, Action listening)
    {
        using var socket = UnixSockets.AcceptOne(session, listening);
        byte[] message = new byte[session.MessageSize];
        while (socket.ReceiveAll(message))
        {
            socket.SendAll(message);
        }
    }

    public override Caller Connect(Session session) => new Client(UnixSockets.Connect(session));

    private sealed class Client(Socket socket) : BlockingCaller
    {
        public override void Call(ReadOnlySpan<byte> request, Span<byte> reply)
        {
            socket.SendAll(request);
            if (!socket.ReceiveAll(reply))
            {
                throw new IOException("the server has left");
            }
        }

        public override void Dispose() => socket.Dispose();
    }
}
