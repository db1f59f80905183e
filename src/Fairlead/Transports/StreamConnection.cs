using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>A connection over any byte stream: frames outgoing messages, and parses incoming ones.</summary>
/// <remarks>Stream transports therefore only bind, accept and connect.</remarks>
internal sealed class StreamConnection : Connection
{
    private readonly ByteChannel _channel;
    private readonly StreamFraming _framing;
    private readonly OutputQueue _output;
    private readonly StreamInput _input;
    private readonly StreamHandles? _handles;

    /// <param name="socket">The socket, owned by the connection.</param>
    /// <param name="framing">The framing.</param>
    /// <param name="capabilities">The capabilities of the transport.</param>
    /// <param name="peer">The process at the other end.</param>
    /// <param name="takesHandles">Whether to accept open files with messages; otherwise the kernel drops them.</param>
    public StreamConnection(
        Descriptor socket, StreamFraming framing, TransportCapabilities capabilities, Peer peer, bool takesHandles = false)
        : this(
            new SocketChannel(
                socket, (capabilities & TransportCapabilities.CrossHost) != 0 ? LingeringClose.UsualTime : null),
            framing,
            capabilities,
            peer,
            takesHandles)
    {
    }

    /// <param name="socket">The socket of TCP, owned by the connection.</param>
    /// <param name="framing">The framing.</param>
    /// <param name="capabilities">The capabilities of the transport.</param>
    /// <param name="peer">The process at the other end.</param>
    /// <param name="linger">How long to stay open after the close for bytes that the peer lacks.</param>
    public StreamConnection(
        Descriptor socket, StreamFraming framing, TransportCapabilities capabilities, Peer peer, TimeSpan linger)
        : this(new SocketChannel(socket, linger), framing, capabilities, peer)
    {
    }

    /// <param name="channel">The channel, owned by the connection.</param>
    /// <param name="framing">The framing.</param>
    /// <param name="capabilities">The capabilities of the transport.</param>
    /// <param name="peer">The process at the other end.</param>
    /// <param name="takesHandles">
    /// Whether to accept open files with messages, if the channel passes them. Otherwise they are closed immediately.
    /// </param>
    public StreamConnection(
        ByteChannel channel, StreamFraming framing, TransportCapabilities capabilities, Peer peer, bool takesHandles = false)
    {
        _channel = channel;
        _framing = framing;
        _output = new OutputQueue(framing);
        _input = new StreamInput(framing);
        _handles = (capabilities & TransportCapabilities.Handles) != 0 ? channel.PassHandles(_output, takesHandles) : null;
        Capabilities = framing.IsFairlead
            ? capabilities | TransportCapabilities.Protocol | TransportCapabilities.KeepsBoundaries
            : capabilities;
        Peer = peer;
    }

    public override TransportCapabilities Capabilities { get; }

    public override Peer Peer { get; }

    public override Descriptor WaitDescriptor => _channel.WaitDescriptor;

    public override Descriptor? OutputDescriptor => _channel.OutputDescriptor;

    public override int Unflushed => _output.Buffered;

    public override int LongThreshold => 64 * 1024;

    public override bool HasLong => _output.HasLong;

    public override int LongRest => _output.Second.Length;

    public override void Check(ReadOnlySpan<byte> body) => _framing.Check(body);

    public override Span<byte> Reserve(int bodyLength) => _output.Reserve(bodyLength);

    public override void Commit(in MessageHeader header) => _output.Commit(header);

    public override void BeginLong(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlyMemory<byte> payload) =>
        _output.BeginLong(header, head, payload);

    public override void DetachLong() => _output.DetachLong();

    public override FlushResult Flush()
    {
        while (!_output.IsEmpty)
        {
            IoResult result = _handles is { AnyLeaves: true } ? _handles.Write() : _channel.Write(_output);
            if (result.WouldBlock)
            {
                return FlushResult.Blocked;
            }

            if (!result.Ok)
            {
                return FlushResult.Broken;
            }

            _handles?.Written(result.Count);
            _output.Written(result.Count);
        }

        return FlushResult.Done;
    }

    public override FillResult Fill()
    {
        Span<byte> room = _input.Room();
        bool takesHandles = _handles is { AreTaken: true };
        IoResult result = takesHandles ? _handles!.Read(room) : _channel.Read(room);
        if (result.WouldBlock)
        {
            return FillResult.Drained;
        }

        if (!result.Ok)
        {
            // The rest of a message may be missing: its first bytes are not handed out.
            return FillResult.Broken;
        }

        if (result.IsEnd)
        {
            _input.Ended();
            return FillResult.End;
        }

        _input.Filled(result.Count);

        return result.Count < room.Length && _channel.IsDrainedByShortRead && !takesHandles ? FillResult.Drained : FillResult.More;
    }

    public override bool TryTake(out Incoming message)
    {
        if (!_input.TryTake(ReceiveLimit, out message))
        {
            _handles?.RefuseStray(_input.HasPart);
            return false;
        }

        _input.ExpectsHandshake = false;
        if (_handles is { AreTaken: true } && message.Header.Kind.IsData() && (message.Header.Flags & MessageFlags.Handle) != 0)
        {
            _handles.Take(ref message);
        }

        return true;
    }

    public override bool HasPart => _input.HasPart;

    /// <inheritdoc/>
    public override HandlePassing? Handles => _handles;

    public override void TrustLengths() => _input.TrustsLengths = true;

    public override void EndSending() => _channel.EndSending();

    public override void Abort() => _channel.Abort();

    /// <summary>Returns the socket, which the caller owns from now on; null if the bytes do not go through one.</summary>
    public Descriptor? TakeSocket() => (_channel as SocketChannel)?.Take();

    public override void Dispose()
    {
        // The rest of a long message is its sender's memory, which the sender has again by now.
        if (!_output.IsEmpty && !_output.HasLong)
        {
            _channel.TakeRest(_output);
        }

        _channel.Dispose();
        _handles?.Dispose();
        _output.Dispose();
        _input.Dispose();
    }
}
