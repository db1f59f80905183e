using Fairlead.Framing;

namespace Fairlead.Transports;

/// <summary>
/// Turns the bytes of a stream into messages that lie in chunks. Holds no memory while nothing is half received. Not thread-safe; the pump
/// has it.
/// </summary>
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

    /// <summary>Set until the handshake is through: the next frame must be one.</summary>
    public bool ExpectsHandshake { get; set; } = framing.IsFairlead;

    /// <summary>Whether the peer's word about a length is believed before the bytes are here, within reason.</summary>
    public bool TrustsLengths { get; set; }

    /// <summary>Memory to read into. Never empty.</summary>
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
                LetGo();
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

    /// <summary>No more bytes will come.</summary>
    public void Ended() => _ended = true;

    /// <summary>After the end more comes, of somebody else: what was left over is forgotten.</summary>
    public void Restart()
    {
        _ended = false;
        _wanted = 0;
        LetGo();
    }

    /// <summary>Whether a message has begun to arrive and is not whole.</summary>
    public bool HasPart => _filled > _parsed;

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
                throw Handshake.NotFairlead();
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
        _wanted = 0;
        if (_parsed == _filled && !(_chunk.Capacity == Chunk.PooledSize && _chunk.Capacity - _filled >= LeastRoom))
        {
            // Full, or the chunk of one long message: our hold goes with the message.
            _chunk = null;
            _parsed = _filled = 0;
        }
        else
        {
            _chunk.Hold();
        }

        return true;
    }

    public void Dispose() => LetGo();

    /// <summary>
    /// Nothing is half received: messages that still lie in the chunk keep it, we do not. Where they do, what comes next is laid behind
    /// them, not in one more chunk.
    /// </summary>
    private void Park()
    {
        if (_chunk!.Capacity == Chunk.PooledSize && _chunk.Capacity - _filled >= LeastRoom)
        {
            _parked.Park(_chunk, _filled);
            _chunk = null;
        }

        LetGo();
    }

    /// <summary>Takes the partial frame to a chunk where the whole of it has room.</summary>
    private void Move(int partial)
    {
        int capacity = Math.Max(_wanted, partial + LeastRoom);
        if (_wanted == 0 && capacity > Chunk.PooledSize)
        {
            // How long it becomes nobody knows: it gets as much again, so that pieces that trickle in are not copied each time.
            capacity = Twice(partial);
        }

        if (_wanted > 0 && _wanted < capacity && partial + LeastRoom > Chunk.PooledSize)
        {
            capacity = _wanted;
        }

        // What is announced gets its memory at once only as far as a mere announcement may cost; the rest comes as the bytes do.
        int first = TrustsLengths ? FirstPieceOfTrusted : FirstPieceOfUntrusted;
        if (capacity > first)
        {
            capacity = Math.Min(capacity, Math.Max(first, Twice(partial)));
        }

        // What fits a pooled chunk gets one, in which others follow it; a long one gets a chunk of its own, exactly as long.
        Chunk chunk = Chunk.Rent(capacity);
        _chunk!.Slice(_parsed, _filled).CopyTo(chunk.Free(0));
        _chunk.Release();
        _chunk = chunk;
        _parsed = 0;
        _filled = partial;
    }

    private static int Twice(int length) => (int)Math.Min(2L * length, Array.MaxLength);

    private void LetGo()
    {
        _chunk?.Release();
        _chunk = null;
        _parsed = _filled = _scanned = 0;
    }
}
