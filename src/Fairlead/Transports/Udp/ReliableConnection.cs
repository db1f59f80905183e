using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports.Udp;

/// <summary>A connection over a reliable session: frames outgoing messages and parses incoming ones, like any byte stream.</summary>
internal sealed class ReliableConnection(ReliableSession session) : Connection
{
    private readonly OutputQueue _output = new(FairleadFraming.Instance);
    private readonly StreamInput _input = new(FairleadFraming.Instance);

    public override TransportCapabilities Capabilities =>
        UdpTransport.Reliable | TransportCapabilities.Protocol | TransportCapabilities.KeepsBoundaries;

    public override Peer Peer => session.Peer;

    public override Descriptor WaitDescriptor => session.News;

    public override Descriptor OutputDescriptor => session.Room;

    public override int Unflushed => _output.Buffered;

    public override int LongThreshold => 64 * 1024;

    public override bool HasLong => _output.HasLong;

    public override int LongRest => _output.Second.Length;

    public override bool HasPart => _input.HasPart;

    public override Span<byte> Reserve(int bodyLength) => _output.Reserve(bodyLength);

    public override void Commit(in MessageHeader header) => _output.Commit(header);

    public override void BeginLong(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlyMemory<byte> payload) =>
        _output.BeginLong(header, head, payload);

    public override void DetachLong() => _output.DetachLong();

    public override FlushResult Flush() => _output.IsEmpty ? FlushResult.Done : session.Write(_output);

    public override FillResult Fill()
    {
        int read = session.Read(_input.Room(), out FillResult result);
        _input.Filled(read);
        if (result == FillResult.End)
        {
            _input.Ended();
        }

        return result;
    }

    public override bool TryTake(out Incoming message)
    {
        if (!_input.TryTake(ReceiveLimit, out message))
        {
            return false;
        }

        _input.ExpectsHandshake = false;
        return true;
    }

    public override int TakeDropped(out long skipped)
    {
        skipped = 0;
        return session.TakeForeign();
    }

    public override void EndSending() => session.EndSending();

    public override void Abort() => session.Abort();

    public override void Dispose()
    {
        session.Dispose();
        _output.Dispose();
        _input.Dispose();
    }
}
