using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports.SharedMemory;

/// <content>Bell → ring → lease, or copy.</content>
internal sealed partial class SharedMemoryConnection
{
    /// <summary>Shorter bodies are copied out, and their place in the ring is free at once; longer ones are lent where they lie.</summary>
    private const int ShortestLease = 2 * 1024;

    private readonly ChunkPacker _packer = new();
    private readonly byte[] _hello = new byte[Rendezvous.Size];
    private readonly StreamInput _pieces = new(FairleadFraming.Instance);
    private Descriptor? _passed;
    private int _helloRead;
    private int _pieceLength;
    private int _pieceRest;
    private bool _expectsHandshake = true;

    /// <summary>Drains the doorbell, and takes the peer's memory when it comes.</summary>
    public override void OnReady(PollEvents events)
    {
        Span<byte> bells = stackalloc byte[256];
        while (!_hasHungUp)
        {
            bool isShaking = _helloRead < Rendezvous.Size;
            Descriptor? file = null;
            IoResult result = isShaking ? DescriptorPassing.Receive(_socket, _hello.AsSpan(_helloRead), out file)
                : ExpectsBroadcast ? DescriptorPassing.Receive(_socket, bells, out file)
                : _socket.Read(bells);
            if (result.WouldBlock)
            {
                return;
            }

            if (file is not null)
            {
                Keep(file, isShaking);
            }

            if (result.IsEnd || !result.Ok)
            {
                _hasHungUp = true;
            }
            else if (isShaking)
            {
                _helloRead += result.Count;
            }
            else if (result.Count < bells.Length)
            {
                return;
            }
        }
    }

    public override FillResult Fill()
    {
        if (_writer is null)
        {
            // The peer may be heard through our memory before we have looked for his: an answer needs it.
            OnReady(PollEvents.Read);
        }

        if (_passed is not null && _helloRead == Rendezvous.Size)
        {
            TakePeerMemory();
        }

        // Asked before looking: what is seen after it is all that there is.
        bool hasHungUp = _hasHungUp;
        bool hasEnded = hasHungUp || _reader.HasEnded;
        bool hasSome = _reader.Look();
        hasSome |= _broadcast is not null && _broadcast.Look();
        return !hasEnded ? FillResult.Drained : hasSome ? FillResult.More : FillResult.End;
    }

    public override bool TryTake(out Incoming message)
    {
        while (true)
        {
            if (_broadcast is { IsSitting: true } && TryTakeBroadcast(out message))
            {
                return true;
            }

            if (_pieces.HasPart && TryTakeWhole(out message))
            {
                if (IsForUser(ref message))
                {
                    return true;
                }

                continue;
            }

            if (_pieceRest > 0)
            {
                FeedPiece();
            }
            else if (!_reader.TryRead(out MessageHeader header, out int length))
            {
                _reader.GiveBack();
                _packer.Park();
                message = default;
                return false;
            }
            else if ((byte)header.Kind == RingLayout.Nothing)
            {
                _reader.Pass(length);
            }
            else if ((byte)header.Kind == RingLayout.Piece)
            {
                _pieceLength = _pieceRest = length;
                PassPiece();
            }
            else
            {
                message = Take(header, length);
                if (IsForUser(ref message))
                {
                    return true;
                }
            }
        }
    }

    public override bool TryPeek(out MessageHeader header, out ReadOnlySpan<byte> body)
    {
        if (_broadcast is { IsSitting: true } broadcast)
        {
            return TryPeekBroadcast(broadcast, out header, out body);
        }

        if (_broadcast is { HasRepeats: true } || _pieceRest > 0 || _pieces.HasPart || _expectsHandshake
            || !_reader.TryPeek(out header, out int length) || length > ReceiveLimit || (length >= ShortestLease && HearsBroadcasts) || (byte)header.Kind >= RingLayout.Nothing)
        {
            header = default;
            body = default;
            return false;
        }

        body = _reader.Body(length);
        return true;
    }

    public override bool TryPeekPlain(bool looks, out uint ack, out ReadOnlySpan<byte> body)
    {
        if (IsReadPlainly && _reader.TryPeekPlain(looks, out ack, out int length) && (uint)length < ShortestLease && length <= ReceiveLimit)
        {
            body = _reader.Body(length);
            return true;
        }

        ack = 0;
        body = default;
        return false;
    }

    /// <summary>Whether what comes next is the next record of the ring, and nothing else.</summary>
    private bool IsReadPlainly => _broadcast is null && _pieceRest == 0 && !_pieces.HasPart && !_expectsHandshake;

    public override bool IsWorthLending(int bodyLength) => bodyLength >= ShortestLease;

    public override Incoming Lend(in MessageHeader header, int bodyLength) => _reader.Lend(header, bodyLength);

    public override void Pass(int bodyLength) => _reader.PassAndGive(bodyLength);

    public override bool IsDrained => _broadcast is { IsSitting: true } broadcast ? broadcast.IsDrained : _reader.IsDrained;

    public override bool IsAnnounced => _reader.IsAnnounced;

    private void TakePeerMemory()
    {
        using Descriptor? passed = _passed;
        _passed = null;
        _peerMemory = Rendezvous.Accept(_hello, passed);

        // Release: the link's next flush, under its send lock, sees a whole writer.
        Volatile.Write(ref _writer, new RingWriter(_peerMemory));
    }

    private bool TryTakeWhole(out Incoming message)
    {
        if (!_pieces.TryTake(ReceiveLimit, out message))
        {
            return false;
        }

        _pieces.ExpectsHandshake = _expectsHandshake = false;
        return true;
    }

    /// <summary>Part for part, as there is room: so that what makes the room learns in between how long the message is.</summary>
    private void FeedPiece()
    {
        Span<byte> room = _pieces.Room();
        int count = Math.Min(room.Length, _pieceRest);
        _reader.Body(_pieceLength).Slice(_pieceLength - _pieceRest, count).CopyTo(room);
        _pieces.Filled(count);
        _pieceRest -= count;
        PassPiece();
    }

    private void PassPiece()
    {
        if (_pieceRest == 0)
        {
            _reader.Pass(_pieceLength);
            _reader.GiveBack();
        }
    }

    private Incoming Take(in MessageHeader header, int length)
    {
        if (_pieces.HasPart)
        {
            throw new FairleadException(ErrorCode.Corrupt, "a message came in the middle of another");
        }

        if (_expectsHandshake && !Handshake.IsHandshake(header))
        {
            throw Handshake.NotFairlead();
        }

        CheckLength(header, length, _expectsHandshake ? Handshake.LongestBody : ReceiveLimit);

        _pieces.ExpectsHandshake = _expectsHandshake = false;

        // Only what is a user's to read: what this side reads itself its peer must not be able to change meanwhile.
        if (length >= ShortestLease && (header.Kind.IsData() || header.Kind == MessageKind.Reply))
        {
            return _reader.Lend(header, length);
        }

        Incoming message = Copy(header, _reader.Body(length));
        _reader.Pass(length);
        return message;
    }

    private static void CheckLength(in MessageHeader header, int length, int limit)
    {
        if (length > limit)
        {
            throw new FairleadException(ErrorCode.TooLarge, $"a message of {length} bytes arrived and at most {limit} are accepted here", "Raise the limit with ?maxmessage= or the MaxMessage option, if the peer is right.");
        }

        if (header.HeadLength > length)
        {
            throw new FairleadException(ErrorCode.Corrupt, "a message's head is longer than the message");
        }
    }

    private Incoming Copy(in MessageHeader header, ReadOnlySpan<byte> body) => body.IsEmpty ? new Incoming { Header = header } : _packer.Pack(header, body);
}
