using System.IO.Pipes;

namespace Fairlead.Bench.Contenders;

/// <summary>The platform's named pipe, of bytes.</summary>
internal sealed class PlatformPipe() : Contender<Caller>("System.IO.Pipes, bytes")
{
    public override void Serve(Session session, Action listening)
    {
        using NamedPipeServerStream pipe = new(Naming.OfObject(session), PipeDirection.InOut, 1, PipeTransmissionMode.Byte);
        PipeCaller.Serve(pipe, pipe.WaitForConnection, session, listening);
    }

    public override Caller Connect(Session session)
    {
        NamedPipeClientStream pipe = new(".", Naming.OfObject(session), PipeDirection.InOut);
        pipe.Connect();
        return new PipeCaller(pipe);
    }
}
