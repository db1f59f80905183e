using System.Net.Security;

namespace Fairlead.Bench.Contenders;

/// <summary>The baseline of round trips over TLS: blocking calls on <see cref="SslStream"/>, at both ends.</summary>
internal sealed class TlsCalls() : Contender<Caller>("SslStream, blocking")
{
    public override void Serve(Session session, Action listening)
    {
        using var tls = TlsPlace.AcceptOne(session, listening);
        byte[] message = new byte[session.MessageSize];
        while (tls.ReadAtLeast(message, message.Length, throwOnEndOfStream: false) == message.Length)
        {
            tls.Write(message);
        }
    }

    public override Caller Connect(Session session) => new Client(TlsPlace.Connect(session));

    private sealed class Client(SslStream tls) : BlockingCaller
    {
        public override void Call(ReadOnlySpan<byte> request, Span<byte> reply)
        {
            tls.Write(request);
            tls.ReadExactly(reply);
        }

        public override void Dispose() => tls.Dispose();
    }
}
