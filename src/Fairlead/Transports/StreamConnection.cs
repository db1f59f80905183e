using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>
/// A connection over any byte stream that is a descriptor (or two, one for each direction): frames what is sent, cuts what is received.
/// Stream transports are therefore only bind, accept and connect.
/// </summary>
internal sealed class StreamConnection : Connection
{
    private readonly Descriptor _descriptor;
    private readonly StreamFraming _framing;
    private readonly OutputQueue _output;
    private readonly StreamInput _input;
    private readonly StreamHandles _handles;

    /// <param name="descriptor">The connection owns it.</param>
    /// <param name="framing">How messages stand in the stream.</param>
    /// <param name="capabilities">Of the transport.</param>
    /// <param name="peer">Who it is.</param>
    /// <param name="takesHandles">Whether open files that come with messages are taken; else the kernel drops them.</param>
    public StreamConnection(Descriptor descriptor, StreamFraming framing, TransportCapabilities capabilities, Peer peer, bool takesHandles = false)
    {
        _descriptor = descriptor;
        _framing = framing;
        _output = new OutputQueue(framing);
        _input = new StreamInput(framing);
        _handles = new StreamHandles(descriptor, _output, takesHandles);
        Capabilities = framing.IsFairlead ? capabilities | TransportCapabilities.Protocol | TransportCapabilities.KeepsBoundaries : capabilities;
        Peer = peer;
    }

    public override TransportCapabilities Capabilities { get; }

    public override Peer Peer { get; }

    public override Descriptor WaitDescriptor => _descriptor;

    public override int Unflushed => _output.Buffered;

    public override int LongThreshold => 64 * 1024;

    public override bool HasLong => _output.HasLong;

    public override int LongRest => _output.Second.Length;

    public override void Check(ReadOnlySpan<byte> body) => _framing.Check(body);

    public override Span<byte> Reserve(int bodyLength) => _output.Reserve(bodyLength);

    public override void Commit(in MessageHeader header) => _output.Commit(header);

    public override void BeginLong(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlyMemory<byte> payload) => _output.BeginLong(header, head, payload);

    public override void DetachLong() => _output.DetachLong();

    public override FlushResult Flush()
    {
        while (!_output.IsEmpty)
        {
            IoResult result = _handles.AnyLeaves ? _handles.Write()
                : _output.HasLong
                ? _descriptor.Write(_output.First, _output.Second, _output.Third)
                : _descriptor.Write(_output.First);
            if (result.WouldBlock)
            {
                return FlushResult.Blocked;
            }

            if (!result.Ok)
            {
                return FlushResult.Broken;
            }

            _handles.Written(result.Count);
            _output.Written(result.Count);
        }

        return FlushResult.Done;
    }

    public override FillResult Fill()
    {
        Span<byte> room = _input.Room();
        IoResult result = _handles.AreTaken ? _handles.Read(room) : _descriptor.Read(room);
        if (result.WouldBlock)
        {
            return FillResult.Drained;
        }

        if (result.IsEnd || !result.Ok)
        {
            _input.Ended();
            return result.Ok ? FillResult.End : FillResult.Broken;
        }

        _input.Filled(result.Count);

        // A short read has emptied the kernel's buffer: another call would only say so.
        return result.Count < room.Length && !_handles.AreTaken ? FillResult.Drained : FillResult.More;
    }

    public override bool TryTake(out Incoming message)
    {
        if (!_input.TryTake(ReceiveLimit, out message))
        {
            _handles.RefuseStray(_input.HasPart);
            return false;
        }

        _input.ExpectsHandshake = false;
        if (_handles.AreTaken && message.Header.Kind.IsData() && (message.Header.Flags & MessageFlags.Handle) != 0)
        {
            _handles.Take(ref message);
        }

        return true;
    }

    public override bool HasPart => _input.HasPart;

    /// <inheritdoc/>
    public override HandlePassing? Handles => (Capabilities & TransportCapabilities.Handles) != 0 ? _handles : null;

    public override void TrustLengths() => _input.TrustsLengths = true;

    public override void EndSending() => _descriptor.ShutdownSocket(ShutdownHow.Write);

    public override void Abort() => _descriptor.ShutdownSocket(ShutdownHow.Both);

    public override void Dispose()
    {
        _descriptor.Dispose();
        _handles.Dispose();
        _output.Dispose();
        _input.Dispose();
    }
}
