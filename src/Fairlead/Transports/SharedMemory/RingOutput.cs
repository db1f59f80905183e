using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Native.Memory;

namespace Fairlead.Transports.SharedMemory;

/// <summary>The sending half of a shared-memory connection: a message that fits is written where the peer reads it.</summary>
/// <remarks>
/// A message that is too long for the ring, or finds it full, goes through it in pieces of an ordinary stream of frames, which the peer
/// joins. Under the link's send lock, except for <see cref="Open"/>, <see cref="WakePeer"/> and <see cref="TakeHasWoken"/>.
/// </remarks>
/// <param name="ringBell">Rings the peer's doorbell. Any thread.</param>
internal sealed class RingOutput(Action ringBell) : MemoryOutput, IDisposable
{
    /// <summary>Shorter messages are copied when the ring is full.</summary>
    private const int LongPayload = 64 * 1024;

    private readonly OutputQueue _overflow = new(FairleadFraming.Instance);
    private RingMemory? _memory;
    private RingWriter? _writer;
    private RingMemory? _loaned;
    private bool _isInRing;
    private volatile bool _hasWoken;

    /// <summary>Whether the peer has passed its memory.</summary>
    public bool IsOpen => Volatile.Read(ref _writer) is not null;

    /// <summary>The ring in which the peer receives, and which it can write at any time. Valid until the connection is disposed.</summary>
    public RingMemory Memory => _memory!;

    public int Unflushed => _overflow.Buffered + (int)(_writer?.Unpublished ?? 0);

    /// <summary>The length from which a message is written from its sender's memory: long, and longer than the free space in the
    /// ring.</summary>
    public int LongThreshold => Math.Max(LongPayload, _overflow.IsEmpty && _writer is { } writer ? writer.LongestNow + 1 : 0);

    public bool HasLong => _overflow.HasLong;

    public override long Taken => _writer?.Taken ?? 0;

    public int LongRest => _overflow.Second.Length;

    /// <summary>Takes over the memory that the peer has passed. Called by the pump, once.</summary>
    public void Open(RingMemory memory)
    {
        _memory = memory;

        // Release: the link's next flush, under its send lock, sees a complete writer.
        Volatile.Write(ref _writer, new RingWriter(memory));
    }

    public Span<byte> Reserve(int bodyLength)
    {
        _isInRing = false;
        if (_overflow.IsEmpty && _writer is { } writer && writer.TryReserve(bodyLength, out Span<byte> body))
        {
            _isInRing = true;
            return body;
        }

        return _overflow.Reserve(bodyLength);
    }

    public void Commit(in MessageHeader header)
    {
        if (_isInRing)
        {
            _writer!.Commit(header);
        }
        else
        {
            _overflow.Commit(header);
        }
    }

    public void BeginLong(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlyMemory<byte> payload) =>
        _overflow.BeginLong(header, head, payload);

    public void DetachLong() => _overflow.DetachLong();

    /// <summary>Writes to the ring. Ignores the death of the peer: the data is lost with it, and the reading side sees the
    /// reason.</summary>
    public FlushResult Flush()
    {
        if (Volatile.Read(ref _writer) is not { } writer)
        {
            return _overflow.IsEmpty ? FlushResult.Done : FlushResult.Blocked;
        }

        // First: the peer releases only what it sees.
        Wake(writer.Publish());
        while (!_overflow.IsEmpty)
        {
            int count = writer.WritePiece(_overflow.First, _overflow.Second, _overflow.Third);
            if (count > 0)
            {
                _overflow.Written(count);
                Wake(writer.Publish());
            }
            else if (writer.IsCorrupt)
            {
                return FlushResult.Broken;
            }
            else if (writer.PrepareWait())
            {
                return FlushResult.Blocked;
            }
        }

        return FlushResult.Done;
    }

    /// <summary>Marks the end in the ring. Returns false if the peer has not yet got a ring of this side.</summary>
    public bool TryEnd()
    {
        if (_writer is not { } writer)
        {
            return false;
        }

        Wake(writer.End());
        return true;
    }

    /// <summary>Wakes the peer. Any thread, as long as the connection is not disposed.</summary>
    public void WakePeer() => Wake(_writer!.WakeIfAsleep());

    /// <inheritdoc/>
    public override bool TrySend(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, bool holdsBack)
    {
        if (!_overflow.IsEmpty || _writer is not { } writer || !writer.TryWrite(header, head, payload, holdsBack, out Sleeper sleeper))
        {
            return false;
        }

        Wake(sleeper);
        return true;
    }

    /// <inheritdoc/>
    public override bool TrySendPlain(uint ack, ReadOnlySpan<byte> payload)
    {
        if (!_overflow.IsEmpty || _writer is not { } writer || !writer.TryWritePlain(ack, payload, out Sleeper sleeper))
        {
            return false;
        }

        Wake(sleeper);
        return true;
    }

    /// <inheritdoc/>
    public override bool TakeHasWoken()
    {
        bool hasWoken = _hasWoken;
        _hasWoken = false;
        return hasWoken;
    }

    /// <inheritdoc/>
    public override bool TryLoan(int bodyLength, out Memory<byte> body)
    {
        body = default;
        if (_loaned is not null || !_overflow.IsEmpty || _writer is not { } writer || !writer.TryLoan(bodyLength, out int at))
        {
            return false;
        }

        // The memory stays mapped while the borrower may write to it, even after the connection. EndLoan releases it.
        bool isHeld = false;
        _memory!.DangerousAddRef(ref isHeld);
        _loaned = _memory;
        body = _memory.Writable.Slice(at, bodyLength);
        return true;
    }

    /// <inheritdoc/>
    public override bool HoldsLoan => _loaned is not null && _overflow.IsEmpty && _writer!.HoldsLoan;

    /// <inheritdoc/>
    public override void CommitLoan(in MessageHeader header)
    {
        _writer!.CommitLoan(header);
        EndLoan();
    }

    /// <inheritdoc/>
    public override void EndLoan()
    {
        if (_loaned is { } memory)
        {
            _loaned = null;
            _writer?.EndLoan();
            memory.DangerousRelease();
        }
    }

    public void Dispose()
    {
        _overflow.Dispose();

        // A late call finds no writer, instead of memory that is gone.
        _writer = null;

        // A loan keeps the memory mapped.
        _memory?.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Wake(Sleeper sleeper)
    {
        if (sleeper != Sleeper.None)
        {
            NoteWoken(sleeper);
        }
    }

    private void NoteWoken(Sleeper sleeper)
    {
        _hasWoken = true;
        if (sleeper == Sleeper.BehindDoorbell)
        {
            ringBell();
        }
    }
}
