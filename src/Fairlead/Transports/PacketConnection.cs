using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>A connection over packets that arrive whole and in order.</summary>
/// <remarks>
/// A message that fits is one packet. A longer one of Fairlead's framing continues in further packets, because the kernel refuses packets
/// beyond its buffer.
/// </remarks>
internal sealed class PacketConnection : Connection
{
    /// <summary>The longest packet to write: well below the kernel's default buffer, which then need not be empty for one.</summary>
    private const int LongestWritten = 64 * 1024;

    /// <summary>The longest packet to accept; a foreign peer may write longer ones than this side would.</summary>
    /// <remarks>One more byte is read, because the kernel silently cuts what does not fit.</remarks>
    private const int LongestRead = 256 * 1024;

    /// <summary>The initial memory for a long message in bytes.</summary>
    private const int FirstPiece = 1024 * 1024;

    private const int PacketsPerFill = 16;

    [ThreadStatic]
    private static byte[]? _packet;

    private readonly Descriptor _descriptor;
    private readonly StreamFraming _framing;
    private readonly OutputQueue _output;
    private readonly Queue<int> _outgoing = new();
    private readonly Queue<Incoming> _arrived = new();
    private readonly ChunkPacker _packer = new();
    private Chunk? _partial;
    private MessageHeader _partialHeader;
    private int _partialFilled;
    private bool _expectsHandshake;
    private FairleadException? _failure;

    public PacketConnection(Descriptor descriptor, StreamFraming framing, TransportCapabilities capabilities, Peer peer)
    {
        _descriptor = descriptor;
        _framing = framing;
        _output = new OutputQueue(framing);
        _expectsHandshake = framing.IsFairlead;
        Capabilities = framing.IsFairlead ? capabilities | TransportCapabilities.Protocol : capabilities;
        Peer = peer;
    }

    public override TransportCapabilities Capabilities { get; }

    public override Peer Peer { get; }

    public override Descriptor WaitDescriptor => _descriptor;

    public override int Unflushed => _output.Buffered;

    /// <summary>No long messages: packets are made from the connection's own memory.</summary>
    public override int LongThreshold => int.MaxValue;

    public override bool HasLong => false;

    public override void Check(ReadOnlySpan<byte> body)
    {
        _framing.Check(body);
        if (!_framing.IsFairlead && body.Length > LongestWritten)
        {
            throw new FairleadException(
                ErrorCode.TooLarge,
                $"a packet of {body.Length} bytes is too long; the limit under framing=none is {LongestWritten}",
                "Send less, or use Fairlead's framing at both ends.");
        }
    }

    public override Span<byte> Reserve(int bodyLength) => _output.Reserve(bodyLength);

    public override void Commit(in MessageHeader header)
    {
        int before = _output.Buffered;
        _output.Commit(header);
        _outgoing.Enqueue(_output.Buffered - before);
    }

    public override void BeginLong(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlyMemory<byte> payload) =>
        throw new NotSupportedException();

    public override void DetachLong()
    {
    }

    public override FlushResult Flush()
    {
        while (_outgoing.TryPeek(out int rest))
        {
            int length = Math.Min(rest, LongestWritten);
            IoResult result = _descriptor.Write(_output.First[..length]);
            if (result.WouldBlock)
            {
                return FlushResult.Blocked;
            }

            if (!result.Ok)
            {
                return FlushResult.Broken;
            }

            _output.Written(length);
            _outgoing.Dequeue();
            if (rest > length)
            {
                PutInFront(rest - length);
            }
        }

        return FlushResult.Done;
    }

    public override FillResult Fill()
    {
        byte[] packet = _packet ??= GC.AllocateUninitializedArray<byte>(LongestRead + 1, pinned: true);
        for (int i = 0; i < PacketsPerFill && _failure is null; i++)
        {
            IoResult result = _descriptor.Read(packet);
            if (result.Error == Errno.ECONNRESET)
            {
                // The peer closed with unread data. For packet sockets, the kernel reports that once, and before the peer's data, which is
                // still there.
                result = _descriptor.Read(packet);
            }

            if (result.WouldBlock)
            {
                _packer.Park();
                return FillResult.Drained;
            }

            if (result.IsEnd)
            {
                return FillResult.End;
            }

            if (!result.Ok)
            {
                return FillResult.Broken;
            }

            Add(packet.AsSpan(0, result.Count));
        }

        return FillResult.More;
    }

    public override bool TryTake(out Incoming message)
    {
        return _arrived.TryDequeue(out message) || (_failure is null ? false : throw _failure);
    }

    public override bool HasPart => _partial is not null;

    public override void EndSending() => _descriptor.ShutdownSocket(ShutdownHow.Write);

    public override void Abort() => _descriptor.ShutdownSocket(ShutdownHow.Both);

    public override void Dispose()
    {
        _descriptor.Dispose();
        _output.Dispose();
        _packer.Dispose();
        _partial?.Release();
        while (_arrived.TryDequeue(out Incoming arrived))
        {
            arrived.Release();
        }
    }

    private void PutInFront(int rest)
    {
        int others = _outgoing.Count;
        _outgoing.Enqueue(rest);
        for (; others > 0; others--)
        {
            _outgoing.Enqueue(_outgoing.Dequeue());
        }
    }

    private void Add(ReadOnlySpan<byte> packet)
    {
        try
        {
            if (packet.Length > LongestRead)
            {
                throw new FairleadException(
                    ErrorCode.TooLarge,
                    $"a packet longer than {LongestRead} bytes arrived and was cut",
                    "Make the peer send shorter packets.");
            }

            if (_partial is not null)
            {
                AddToPartial(packet);
            }
            else
            {
                AddFirst(packet);
            }
        }
        catch (FairleadException exception)
        {
            // Earlier messages are still taken; then this is thrown.
            _failure = exception;
        }
    }

    private void AddFirst(ReadOnlySpan<byte> packet)
    {
        if (_expectsHandshake && (packet.Length < MessageHeader.Size || !Handshake.IsHandshake(MessageHeader.Read(packet, out _))))
        {
            throw Handshake.NotFairlead();
        }

        int scanned = 0;
        int limit = _expectsHandshake ? Handshake.LongestBody : ReceiveLimit;
        _expectsHandshake = false;
        if (_framing.TryParse(packet, ref scanned, atEnd: false, limit, out Frame frame))
        {
            if (frame.Total != packet.Length)
            {
                throw frame.Total < packet.Length && !_framing.IsFairlead
                    ? new FairleadException(
                        ErrorCode.TooLarge,
                        $"a message of {packet.Length} bytes arrived, but at most {limit} are accepted here",
                        "Raise the limit with ?maxmessage=.")
                    : new FairleadException(ErrorCode.Corrupt, "a packet is longer than its message");
            }

            _arrived.Enqueue(_packer.Pack(frame.Header, packet.Slice(frame.BodyStart, frame.BodyLength)));
            return;
        }

        if (frame.Total == 0)
        {
            throw new FairleadException(ErrorCode.Corrupt, "a packet is shorter than a message's header");
        }

        _partial = Chunk.Rent(Math.Clamp(frame.BodyLength, 1, FirstPiece));
        _partialHeader = frame.Header;
        _partialFilled = 0;
        AddToPartial(packet[frame.BodyStart..]);
    }

    private void AddToPartial(ReadOnlySpan<byte> packet)
    {
        if (packet.Length > _partialHeader.Length - _partialFilled)
        {
            throw new FairleadException(ErrorCode.Corrupt, "a packet is longer than the rest of its message");
        }

        if (_partial!.Capacity - _partialFilled < packet.Length)
        {
            // Double the memory each time, which makes a mere announcement cheap.
            Chunk larger = Chunk.Rent(
                (int)Math.Min(_partialHeader.Length, Math.Max(2L * _partial.Capacity, _partialFilled + packet.Length)));
            _partial.Slice(0, _partialFilled).CopyTo(larger.Free(0));
            _partial.Release();
            _partial = larger;
        }

        packet.CopyTo(_partial.Free(_partialFilled));
        _partialFilled += packet.Length;
        if (_partialFilled == _partialHeader.Length)
        {
            _arrived.Enqueue(new Incoming { Header = _partialHeader, Body = _partial.Memory(0, _partialFilled), Lease = _partial });
            _partial = null;
        }
    }
}
