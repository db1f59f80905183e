using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// The baseline of streams from a server: a plain Unix stream socket, and one blocking write for each item. The client reads all available
/// bytes, into 64 KiB.
/// </summary>
internal sealed class SocketItems() : Contender<ItemReader>("Socket, one write each")
{
    public override void Serve(Session session, Action listening)
    {
        using var socket = UnixSockets.AcceptOne(session, listening);
        Span<byte> asked = stackalloc byte[sizeof(int)];
        Span<byte> bytes = stackalloc byte[Item.Size];
        while (socket.ReceiveAll(asked))
        {
            int count = MemoryMarshal.Read<int>(asked);
            for (int i = 0; i < count; i++)
            {
                MemoryMarshal.Write(bytes, Item.Of(i));
                socket.SendAll(bytes);
            }
        }
    }

    public override ItemReader Connect(Session session) => new Client(UnixSockets.Connect(session));

    private sealed class Client(Socket socket) : ItemReader
    {
        private readonly byte[] _buffer = new byte[64 * 1024];

        public override Task ReadAsync(int count)
        {
            socket.SendAll(BitConverter.GetBytes(count));
            int due = 0;
            int filled = 0;
            while (due < count)
            {
                int read = socket.Receive(_buffer.AsSpan(filled));
                if (read == 0)
                {
                    throw new IOException("the server has left");
                }

                filled += read;
                int whole = filled - (filled % Item.Size);
                foreach (Item item in MemoryMarshal.Cast<byte, Item>(_buffer.AsSpan(0, whole)))
                {
                    Check(item, due++);
                }

                _buffer.AsSpan(whole, filled - whole).CopyTo(_buffer);
                filled -= whole;
            }

            CheckCount(due, count);
            return Task.CompletedTask;
        }

        public override void Dispose() => socket.Dispose();
    }
}
