using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>The byte channel of a stream socket.</summary>
/// <param name="socket">The socket, owned from now on.</param>
/// <param name="linger">For how long to close it by <see cref="LingeringClose"/>: for TCP. Null: not.</param>
internal sealed class SocketChannel(Descriptor socket, TimeSpan? linger) : ByteChannel
{
    private volatile bool _closesAtOnce;
    private volatile bool _isTaken;

    public override Descriptor WaitDescriptor => socket;

    // The kernel's buffer is empty then; another call would only confirm it.
    public override bool IsDrainedByShortRead => true;

    public override IoResult Read(Span<byte> room) => socket.Read(room);

    public override IoResult Write(OutputQueue output) =>
        output.HasLong ? socket.Write(output.First, output.Second, output.Third) : socket.Write(output.First);

    public override StreamHandles PassHandles(OutputQueue output, bool areTaken) => new(socket, output, areTaken);

    public override void EndSending() => socket.ShutdownSocket(ShutdownHow.Write);

    public override void Abort()
    {
        _closesAtOnce = true;
        socket.ShutdownSocket(ShutdownHow.Both);
    }

    /// <summary>Returns the socket, which the caller owns from now on. Disposing the channel leaves it open.</summary>
    public Descriptor Take()
    {
        _isTaken = true;
        return socket;
    }

    public override void Dispose()
    {
        if (_isTaken)
        {
            return;
        }

        if (linger is { } longest && !_closesAtOnce)
        {
            LingeringClose.Close(socket, default, longest);
        }
        else
        {
            socket.Dispose();
        }
    }
}
