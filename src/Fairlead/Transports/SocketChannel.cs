using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>The byte channel of a stream socket.</summary>
/// <param name="socket">The socket, owned from now on.</param>
internal sealed class SocketChannel(Descriptor socket) : ByteChannel
{
    public override Descriptor WaitDescriptor => socket;

    // The kernel's buffer is empty then; another call would only confirm it.
    public override bool IsDrainedByShortRead => true;

    public override IoResult Read(Span<byte> room) => socket.Read(room);

    public override IoResult Write(OutputQueue output) =>
        output.HasLong ? socket.Write(output.First, output.Second, output.Third) : socket.Write(output.First);

    public override StreamHandles PassHandles(OutputQueue output, bool areTaken) => new(socket, output, areTaken);

    public override void EndSending() => socket.ShutdownSocket(ShutdownHow.Write);

    public override void Abort() => socket.ShutdownSocket(ShutdownHow.Both);

    public override void Dispose() => socket.Dispose();
}
