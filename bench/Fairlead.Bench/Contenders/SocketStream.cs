using System.Net.Sockets;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// The baseline of streams: one blocking write a message on a plain Unix stream socket. The receiver reads all available bytes, into
/// 64 KiB or one message, whichever is more, and checks each message.
/// </summary>
internal sealed class SocketStream() : Contender<OneWaySender>("Socket, one write each")
{
    public override void Serve(Session session, Action listening)
    {
        using var socket = UnixSockets.AcceptOne(session, listening);
        int size = session.MessageSize;
        byte[] buffer = new byte[Math.Max(size, 64 * 1024)];
        int filled = 0;
        long due = 0;
        while (socket.Receive(buffer.AsSpan(filled)) is > 0 and int count)
        {
            filled += count;
            int read = 0;
            for (; filled - read >= size; read += size)
            {
                if (Numbered.Check(buffer.AsSpan(read, size), ref due))
                {
                    socket.SendAll([1]);
                }
            }

            buffer.AsSpan(read, filled - read).CopyTo(buffer);
            filled -= read;
        }
    }

    public override OneWaySender Connect(Session session) => new Client(UnixSockets.Connect(session));

    private sealed class Client(Socket socket) : OneWaySender
    {
        public override void Send(ReadOnlySpan<byte> message) => socket.SendAll(message);

        public override void SendLast(ReadOnlySpan<byte> message)
        {
            socket.SendAll(message);
            if (!socket.ReceiveAll(stackalloc byte[1]))
            {
                throw new IOException("the receiver has left");
            }
        }

        public override void Dispose() => socket.Dispose();
    }
}
