using System.Net.Sockets;

namespace Fairlead.Bench.Contenders;

/// <summary>Awaited calls on a plain Unix stream socket, at both ends: the result of an async program without Fairlead.</summary>
internal sealed class SocketAsyncCalls() : Contender<Caller>("Socket, async")
{
    public override void Serve(Session session, Action listening)
    {
        using var socket = UnixSockets.AcceptOne(session, listening);
        EchoAsync(socket, new byte[session.MessageSize]).GetAwaiter().GetResult();
    }

    public override Caller Connect(Session session) => new Client(UnixSockets.Connect(session));

    private static async Task EchoAsync(Socket socket, byte[] message)
    {
        while (await ReceiveAllAsync(socket, message).ConfigureAwait(false))
        {
            await socket.SendAllAsync(message).ConfigureAwait(false);
        }
    }

    private static async ValueTask<bool> ReceiveAllAsync(Socket socket, Memory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int count = await socket.ReceiveAsync(bytes).ConfigureAwait(false);
            if (count == 0)
            {
                return false;
            }

            bytes = bytes[count..];
        }

        return true;
    }

    private sealed class Client(Socket socket) : AsyncCaller
    {
        public override async ValueTask CallAsync(ReadOnlyMemory<byte> request, Memory<byte> reply)
        {
            await socket.SendAllAsync(request).ConfigureAwait(false);
            if (!await ReceiveAllAsync(socket, reply).ConfigureAwait(false))
            {
                throw new IOException("the server has left");
            }
        }

        public override void Dispose() => socket.Dispose();
    }
}
