namespace Fairlead.Framing;

/// <summary>Packs copies of message bodies into shared chunks, and longer ones into separate chunks.</summary>
/// <remarks>Holds no memory while it is parked and all messages are read. Not thread-safe; the pump owns it.</remarks>
internal sealed class ChunkPacker : IDisposable
{
    private Chunk? _chunk;
    private int _filled;
    private ParkedChunk _parked;

    /// <summary>Returns a message with a copy of this body. The caller releases it.</summary>
    public Incoming Pack(in MessageHeader header, ReadOnlySpan<byte> body)
    {
        Pack(header, body, out Incoming message);
        return message;
    }

    /// <summary>Does the same in the caller's variable.</summary>
    /// <param name="header">The header.</param>
    /// <param name="body">The body.</param>
    /// <param name="message">
    /// The message, written where the caller keeps it. A copy of a structure that has just been written waits for all stores before it.
    /// </param>
    public void Pack(in MessageHeader header, ReadOnlySpan<byte> body, out Incoming message)
    {
        message.Header = header;
        message.Token = 0;
        if (body.Length > Chunk.PooledSize)
        {
            Chunk own = Chunk.Rent(body.Length);
            body.CopyTo(own.Free(0));
            message.Body = own.Memory(0, body.Length);
            message.Lease = own;
            return;
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
        message.Body = _chunk.Memory(_filled, body.Length);
        message.Lease = _chunk;
        _filled += body.Length;
    }

    /// <summary>Releases the chunk until the next message arrives.</summary>
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

/// <summary>A chunk that its filler has released while unread messages keep it.</summary>
/// <remarks>
/// The filler can take it back and append new messages, instead of holding one more chunk for each message that trickles in.
/// </remarks>
internal struct ParkedChunk
{
    private Chunk? _chunk;
    private int _mark;
    private int _filled;

    /// <summary>Releases the caller's hold.</summary>
    public void Park(Chunk chunk, int filled)
    {
        _chunk = chunk;
        _filled = filled;
        _mark = chunk.Park();
    }

    /// <summary>Returns the chunk, held again, and its filled length; null if it had no other holder any more.</summary>
    public Chunk? TakeBack(out int filled)
    {
        Chunk? chunk = _chunk;
        _chunk = null;
        filled = _filled;
        return chunk is not null && chunk.TryHoldAgain(_mark) ? chunk : null;
    }
}
