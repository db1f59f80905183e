using Fairlead.Framing;

namespace Fairlead.Transports.SharedMemory;

/// <summary>The receiving half of a shared-memory connection: ring → lease, or copy.</summary>
/// <remarks>
/// It also joins the pieces of messages too long for the ring, and reads broadcasts in place. Used by the pump, or under the endpoint's
/// gate while no thread pumps.
/// </remarks>
/// <param name="reader">The ring in which this side receives.</param>
/// <param name="broadcasts">The broadcasts of the peer; null if there are none.</param>
/// <param name="connection">Provides the limit for messages.</param>
internal sealed class RingInput(RingReader reader, RingBroadcastInput? broadcasts, Connection connection) : MemoryInput, IDisposable
{
    /// <summary>Shorter bodies are copied, which frees their place in the ring immediately; longer ones are leased in place.</summary>
    public const int ShortestLease = 2 * 1024;

    private readonly ChunkPacker _packer = new();
    private readonly StreamInput _pieces = new(FairleadFraming.Instance);
    private int _pieceLength;
    private int _pieceRest;
    private bool _expectsHandshake = true;

    public bool HasPart => _pieces.HasPart;

    public void TrustLengths() => _pieces.TrustsLengths = true;

    /// <summary>Reads the published position. Returns whether there is something to take.</summary>
    public bool Poll()
    {
        bool hasSome = reader.Poll();
        return broadcasts?.Reader is { } broadcast ? hasSome | broadcast.Poll() : hasSome;
    }

    /// <summary>Takes the next whole message of the data that <see cref="Poll"/> saw.</summary>
    /// <exception cref="FairleadException">Corrupt, TooLarge.</exception>
    public bool TryTake(out Incoming message)
    {
        while (true)
        {
            if (Joined is { } sitting && TryTakeBroadcast(sitting, out message))
            {
                return true;
            }

            if (_pieces.HasPart && TryTakeWhole(out message))
            {
                if (broadcasts is null || broadcasts.IsForUser(ref message))
                {
                    return true;
                }

                continue;
            }

            if (_pieceRest > 0)
            {
                FeedPiece();
            }
            else if (!reader.TryRead(out MessageHeader header, out int length))
            {
                reader.GiveBack();
                _packer.Park();
                message = default;
                return false;
            }
            else if ((byte)header.Kind == RingLayout.Nothing)
            {
                reader.Advance(length);
            }
            else if ((byte)header.Kind == RingLayout.Piece)
            {
                _pieceLength = _pieceRest = length;
                AdvancePiece();
            }
            else
            {
                Take(header, length, out message);
                if (broadcasts is null || broadcasts.IsForUser(ref message))
                {
                    return true;
                }
            }
        }
    }

    /// <inheritdoc/>
    public override bool IsDrained => Joined is { } sitting ? sitting.IsDrained : reader.IsDrained;

    /// <inheritdoc/>
    public override bool TryPeek(out MessageHeader header, out ReadOnlySpan<byte> body)
    {
        if (Joined is { } sitting)
        {
            return TryPeekBroadcast(sitting, out header, out body);
        }

        if (broadcasts?.Reader is { HasRepeats: true }
            || _pieceRest > 0
            || _pieces.HasPart
            || _expectsHandshake
            || !reader.TryPeek(out header, out int length)
            || length > connection.ReceiveLimit
            || (length >= ShortestLease && broadcasts is not null)
            || (byte)header.Kind >= RingLayout.Nothing)
        {
            header = default;
            body = default;
            return false;
        }

        body = reader.Body(length);
        return true;
    }

    /// <inheritdoc/>
    public override bool TryPeekPlain(bool looks, out uint ack, out ReadOnlySpan<byte> body)
    {
        if (IsReadPlainly
            && reader.TryPeekPlain(looks, out ack, out int length)
            && (uint)length < ShortestLease
            && length <= connection.ReceiveLimit)
        {
            body = reader.Body(length);
            return true;
        }

        ack = 0;
        body = default;
        return false;
    }

    /// <inheritdoc/>
    public override bool IsWorthLeasing(int bodyLength) => bodyLength >= ShortestLease;

    /// <inheritdoc/>
    public override Incoming Lease(in MessageHeader header, int bodyLength) => reader.Lease(header, bodyLength);

    /// <inheritdoc/>
    public override bool TryAdvance(int bodyLength)
    {
        if (Joined is { } sitting)
        {
            return sitting.TryAdvance();
        }

        reader.AdvanceAndReturn(bodyLength);
        return true;
    }

    public void Dispose()
    {
        _pieces.Dispose();
        _packer.Dispose();
    }

    /// <summary>Whether the next data can only be the next record of the ring.</summary>
    private bool IsReadPlainly => broadcasts?.Reader is null && _pieceRest == 0 && !_pieces.HasPart && !_expectsHandshake;

    private BroadcastReader? Joined => broadcasts?.Reader is { HasJoined: true } sitting ? sitting : null;

    /// <summary>Peeks at the broadcast ring. Once it is drained, the connection comes first.</summary>
    private bool TryPeekBroadcast(BroadcastReader broadcast, out MessageHeader header, out ReadOnlySpan<byte> body)
    {
        if (!(broadcast.IsDrained && reader.HasArrivedHere) && broadcast.TryPeek(out header, out body) && body.Length < ShortestLease
            && body.Length <= connection.ReceiveLimit)
        {
            return true;
        }

        header = default;
        body = default;
        return false;
    }

    private bool TryTakeBroadcast(BroadcastReader broadcast, out Incoming message)
    {
        message = default;
        if (!broadcast.TryRead(out MessageHeader header, out ReadOnlySpan<byte> body))
        {
            return false;
        }

        CheckLength(header, body.Length, connection.ReceiveLimit);
        if (!header.Kind.IsData())
        {
            throw new FairleadException(ErrorCode.Corrupt, "a record in the broadcast ring is not a message");
        }

        Copy(header, body, out message);
        if (broadcast.TryAdvance())
        {
            return true;
        }

        message.Release();
        return false;
    }

    private bool TryTakeWhole(out Incoming message)
    {
        if (!_pieces.TryTake(connection.ReceiveLimit, out message))
        {
            return false;
        }

        _pieces.ExpectsHandshake = _expectsHandshake = false;
        return true;
    }

    /// <summary>Feeds a piece part by part, because the memory for the message is sized by its first bytes.</summary>
    private void FeedPiece()
    {
        Span<byte> room = _pieces.Room();
        int count = Math.Min(room.Length, _pieceRest);
        reader.Body(_pieceLength).Slice(_pieceLength - _pieceRest, count).CopyTo(room);
        _pieces.Filled(count);
        _pieceRest -= count;
        AdvancePiece();
    }

    private void AdvancePiece()
    {
        if (_pieceRest == 0)
        {
            reader.Advance(_pieceLength);
            reader.GiveBack();
        }
    }

    private void Take(in MessageHeader header, int length, out Incoming message)
    {
        if (_pieces.HasPart)
        {
            throw new FairleadException(ErrorCode.Corrupt, "a message arrived in the middle of another");
        }

        if (_expectsHandshake && !Handshake.IsHandshake(header))
        {
            throw Handshake.NotFairlead();
        }

        CheckLength(header, length, _expectsHandshake ? Handshake.LongestBody : connection.ReceiveLimit);
        _pieces.ExpectsHandshake = _expectsHandshake = false;

        // Lease only what the user reads: this side must not interpret data that the peer can change meanwhile.
        if (length >= ShortestLease && (header.Kind.IsData() || header.Kind == MessageKind.Reply))
        {
            message = reader.Lease(header, length);
            return;
        }

        Copy(header, reader.Body(length), out message);
        reader.Advance(length);
    }

    private static void CheckLength(in MessageHeader header, int length, int limit)
    {
        if (length > limit)
        {
            throw new FairleadException(ErrorCode.TooLarge, $"a message of {length} bytes arrived, but at most {limit} are accepted here",
                "If the length is right, raise the limit with ?maxmessage= or the MaxMessageBytes option.");
        }

        if (header.HeadLength > length)
        {
            throw new FairleadException(ErrorCode.Corrupt, "a message's head is longer than the message");
        }
    }

    private void Copy(in MessageHeader header, ReadOnlySpan<byte> body, out Incoming message)
    {
        if (body.IsEmpty)
        {
            message = default;
            message.Header = header;
        }
        else
        {
            _packer.Pack(header, body, out message);
        }
    }
}
