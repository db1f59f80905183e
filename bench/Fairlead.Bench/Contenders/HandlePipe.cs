using System.IO.Pipes;

namespace Fairlead.Bench.Contenders;

/// <summary>The named pipe that programs for Windows get by the package Fairlead.NamedHandles.</summary>
internal sealed class HandlePipe(PipeTransmissionMode mode)
    : Contender<Caller>($"Fairlead.NamedHandles, {(mode == PipeTransmissionMode.Byte ? "bytes" : "messages")}")
{
    public override void Serve(Session session, Action listening)
    {
        using NamedHandles.NamedPipeServerStream pipe = new(Naming.OfObject(session), PipeDirection.InOut, 1, mode);
        PipeCaller.Serve(pipe, pipe.WaitForConnection, session, listening);
    }

    public override Caller Connect(Session session)
    {
        NamedHandles.NamedPipeClientStream pipe = new(".", Naming.OfObject(session), PipeDirection.InOut);
        pipe.Connect();
        if (mode == PipeTransmissionMode.Message)
        {
            pipe.ReadMode = mode;
        }

        return new PipeCaller(pipe);
    }
}
