namespace Fairlead.Bench.Contenders;

/// <summary>Calls over a pipe, and the server that sends each message back.</summary>
internal sealed class PipeCaller(Stream pipe) : BlockingCaller
{
    public static void Serve(Stream pipe, Action accept, Session session, Action listening)
    {
        listening();
        accept();
        byte[] message = new byte[session.MessageSize];
        while (pipe.ReadAtLeast(message, message.Length, throwOnEndOfStream: false) == message.Length)
        {
            pipe.Write(message);
        }
    }

    public override void Call(ReadOnlySpan<byte> request, Span<byte> reply)
    {
        pipe.Write(request);
        pipe.ReadExactly(reply);
    }

    public override void Dispose() => pipe.Dispose();
}
