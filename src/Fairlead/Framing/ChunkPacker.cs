namespace Fairlead.Framing;

/// <summary>
/// Lays copies of bodies one behind the other in shared chunks, and those that are longer than such a chunk into one of their own. Holds no
/// memory while it is parked and nothing of it is unread. Not thread-safe; the pump has it.
/// </summary>
internal sealed class ChunkPacker : IDisposable
{
    private Chunk? _chunk;
    private int _filled;
    private ParkedChunk _parked;

    /// <summary>A message with a copy of this body. Its taker releases it.</summary>
    public Incoming Pack(in MessageHeader header, ReadOnlySpan<byte> body)
    {
        if (body.Length > Chunk.PooledSize)
        {
            Chunk own = Chunk.Rent(body.Length);
            body.CopyTo(own.Free(0));
            return new Incoming { Header = header, Body = own.Memory(0, body.Length), Lease = own };
        }

        _chunk ??= _parked.TakeBack(out _filled);
        if (_chunk is not null && _chunk.IsUnshared)
        {
            _filled = 0;
        }

        if (_chunk is not null && _chunk.Capacity - _filled < body.Length)
        {
            Dispose();
        }

        if (_chunk is null)
        {
            _chunk = Chunk.Rent();
            _filled = 0;
        }

        body.CopyTo(_chunk.Free(_filled));
        _chunk.Hold();
        Incoming message = new() { Header = header, Body = _chunk.Memory(_filled, body.Length), Lease = _chunk };
        _filled += body.Length;
        return message;
    }

    /// <summary>Nothing more comes for now.</summary>
    public void Park()
    {
        if (_chunk is not null)
        {
            _parked.Park(_chunk, _filled);
            _chunk = null;
        }
    }

    public void Dispose()
    {
        _chunk?.Release();
        _chunk = null;
    }
}

/// <summary>
/// A chunk that its filler has let go of. Messages that still lie in it keep it; while they do, the filler can have it back and lay what
/// comes next behind them, instead of holding one more chunk for each message that trickles in.
/// </summary>
internal struct ParkedChunk
{
    private Chunk? _chunk;
    private int _mark;
    private int _filled;

    /// <summary>Lets go of the caller's hold.</summary>
    public void Park(Chunk chunk, int filled)
    {
        _chunk = chunk;
        _filled = filled;
        _mark = chunk.Park();
    }

    /// <summary>The chunk, held again, and how far it is filled; null when nobody held it any more.</summary>
    public Chunk? TakeBack(out int filled)
    {
        Chunk? chunk = _chunk;
        _chunk = null;
        filled = _filled;
        return chunk is not null && chunk.TryHoldAgain(_mark) ? chunk : null;
    }
}
