using System.Net.Security;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Contenders;

/// <summary>The baseline of streams over TLS: one blocking write a message on <see cref="SslStream"/> over a TCP socket.</summary>
internal sealed class TlsStream() : Contender<OneWaySender>("SslStream, one write each")
{
    public override void Serve(Session session, Action listening)
    {
        using var tls = TlsPlace.AcceptOne(session, listening);
        int size = session.MessageSize;
        byte[] buffer = new byte[Math.Max(size, 64 * 1024)];
        int filled = 0;
        long due = 0;
        while (tls.Read(buffer, filled, buffer.Length - filled) is > 0 and int count)
        {
            filled += count;
            int read = 0;
            for (; filled - read >= size; read += size)
            {
                if (Numbered.Check(buffer.AsSpan(read, size), ref due))
                {
                    tls.WriteByte(1);
                }
            }

            buffer.AsSpan(read, filled - read).CopyTo(buffer);
            filled -= read;
        }
    }

    public override OneWaySender Connect(Session session) => new Client(TlsPlace.Connect(session));

    private sealed class Client(SslStream tls) : OneWaySender
    {
        public override void Send(ReadOnlySpan<byte> message) => tls.Write(message);

        public override void SendLast(ReadOnlySpan<byte> message)
        {
            tls.Write(message);
            if (tls.ReadByte() < 0)
            {
                throw new IOException("the receiver has left");
            }
        }

        public override void Dispose() => tls.Dispose();
    }
}
