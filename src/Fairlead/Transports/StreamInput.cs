using Fairlead.Framing;

namespace Fairlead.Transports;

/// <summary>Parses the bytes of a stream into messages in chunks.</summary>
/// <remarks>Holds no memory while no message is partly received. Not thread-safe; the pump owns it.</remarks>
internal sealed class StreamInput(StreamFraming framing) : IDisposable
{
    private const int LeastRoom = 4 * 1024;
    private const int FirstPieceOfUntrusted = 1024 * 1024;
    private const int FirstPieceOfTrusted = 64 * 1024 * 1024;

    private Chunk? _chunk;
    private ParkedChunk _parked;
    private int _parsed;
    private int _filled;
    private int _scanned;
    private int _wanted;
    private bool _ended;

    /// <summary>Whether the next frame must be a handshake. Set until the handshake is complete.</summary>
    public bool ExpectsHandshake { get; set; } = framing.IsFairlead;

    /// <summary>Whether an announced length is trusted, within limits, before the bytes have arrived.</summary>
    public bool TrustsLengths { get; set; }

    /// <summary>Returns memory to read into. Never empty.</summary>
    public Span<byte> Room()
    {
        int partial = _filled - _parsed;
        if (_chunk is not null && partial == 0 && (_chunk.IsUnshared || _chunk.Capacity - _filled < LeastRoom))
        {
            if (_chunk.IsUnshared && _chunk.Capacity == Chunk.PooledSize)
            {
                _parsed = _filled = 0;
            }
            else
            {
                ReleaseChunk();
            }
        }

        if (_chunk is null)
        {
            _chunk = _parked.TakeBack(out int filled);
            _parsed = _filled = _chunk is null ? 0 : filled;
            _chunk ??= Chunk.Rent();
        }
        else
        {
            int room = _chunk.Capacity - _filled;
            int needed = Math.Min(LeastRoom, _wanted > 0 ? _wanted - partial : LeastRoom);
            bool isOwnChunk = _chunk.Capacity > Chunk.PooledSize;
            if (room < needed || (_wanted > _chunk.Capacity - _parsed && !isOwnChunk))
            {
                Move(partial);
            }
        }

        return _chunk.Free(_filled);
    }

    public void Filled(int count) => _filled += count;

    /// <summary>Notes that no more bytes will come.</summary>
    public void Ended() => _ended = true;

    /// <summary>Continues after the end with the bytes of another writer. Discards the rest of the previous one.</summary>
    public void Restart()
    {
        _ended = false;
        _wanted = 0;
        ReleaseChunk();
    }

    /// <summary>Whether a message has arrived in part.</summary>
    public bool HasPart => _filled > _parsed;

    /// <summary>The length of the unfinished message.</summary>
    public int PartLength => _filled - _parsed;

    /// <summary>All bytes that belonged to no message.</summary>
    public long Skipped { get; private set; }

    public bool TryTake(int limit, out Incoming message)
    {
        message = default;
        if (_chunk is null)
        {
            return false;
        }

        ReadOnlySpan<byte> data = _chunk.Slice(_parsed, _filled);
        if (ExpectsHandshake)
        {
            limit = Handshake.LongestBody;
            if (data.Length >= MessageHeader.Size && !Handshake.IsHandshake(MessageHeader.Read(data, out _)))
            {
                throw Handshake.NotFairlead(data);
            }
        }

        if (!framing.TryParse(data, ref _scanned, _ended, limit, out Frame frame))
        {
            _wanted = frame.Total;
            if (data.IsEmpty)
            {
                Park();
            }

            return false;
        }

        message.Header = frame.Header;
        message.Body = _chunk.Memory(_parsed + frame.BodyStart, frame.BodyLength);
        message.Lease = _chunk;
        _parsed += frame.Total;
        Skipped += frame.Header.Kind == MessageKind.Dropped && !framing.IsFairlead ? frame.Total : 0;
        _wanted = 0;
        if (_parsed == _filled && !(_chunk.Capacity == Chunk.PooledSize && _chunk.Capacity - _filled >= LeastRoom))
        {
            // The chunk is full, or that of one long message: this object's hold passes to the message.
            _chunk = null;
            _parsed = _filled = 0;
        }
        else
        {
            _chunk.Hold();
        }

        return true;
    }

    public void Dispose() => ReleaseChunk();

    /// <summary>Releases the chunk when no message is partly received. Unread messages in it keep it.</summary>
    /// <remarks>While they do, later messages are appended to it, instead of using one more chunk.</remarks>
    private void Park()
    {
        if (_chunk!.Capacity == Chunk.PooledSize && _chunk.Capacity - _filled >= LeastRoom)
        {
            _parked.Park(_chunk, _filled);
            _chunk = null;
        }

        ReleaseChunk();
    }

    /// <summary>Moves the partial frame to a chunk that has space for all of it.</summary>
    private void Move(int partial)
    {
        int capacity = Math.Max(_wanted, partial + LeastRoom);
        if (_wanted == 0 && capacity > Chunk.PooledSize)
        {
            // The final length is unknown. Double the memory, because small pieces would otherwise be copied each time.
            capacity = Twice(partial);
        }

        if (_wanted > 0 && _wanted < capacity && partial + LeastRoom > Chunk.PooledSize)
        {
            capacity = _wanted;
        }

        // An announced length alone gets only limited memory at once; the rest follows with the bytes.
        int first = TrustsLengths ? FirstPieceOfTrusted : FirstPieceOfUntrusted;
        if (capacity > first)
        {
            capacity = Math.Min(capacity, Math.Max(first, Twice(partial)));
        }

        // A frame that fits gets a pooled chunk, to which others are appended. A long one gets a separate chunk of exactly its length.
        Chunk chunk = Chunk.Rent(capacity);
        _chunk!.Slice(_parsed, _filled).CopyTo(chunk.Free(0));
        _chunk.Release();
        _chunk = chunk;
        _parsed = 0;
        _filled = partial;
    }

    private static int Twice(int length) => (int)Math.Min(2L * length, Array.MaxLength);

    private void ReleaseChunk()
    {
        _chunk?.Release();
        _chunk = null;
        _parsed = _filled = _scanned = 0;
    }
}
