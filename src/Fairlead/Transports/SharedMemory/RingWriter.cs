using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Native.Memory;
using Fairlead.Native.Waiting;

namespace Fairlead.Transports.SharedMemory;

/// <summary>The sending end of a ring, in memory that the peer has created.</summary>
/// <remarks>
/// Used by one thread at a time, under the link's send lock. Data in the memory is not trusted: an invalid head sets
/// <see cref="IsCorrupt"/>, and from then on the ring counts as full.
/// </remarks>
internal sealed unsafe partial class RingWriter
{
    private readonly RingMemory _memory;
    private readonly byte* _control;
    private readonly byte* _data;
    private readonly long _mask;
    private FenceElision _fenceElision;
    private long _head;
    private long _tail;
    private long _published;
    private long _reserved;
    private long _freeUntil;

    public RingWriter(RingMemory memory)
    {
        _memory = memory;
        _control = memory.Control;
        _data = memory.Data;
        _mask = memory.Capacity - 1;
        LongestBody = (int)(memory.Capacity / 2) - MessageHeader.Size;
        _fenceElision = new FenceElision(
            (int*)(memory.Control + RingLayout.UnfencedTailAt), (int*)(memory.Control + RingLayout.ReceiverFencesAt));
        Volatile.Write(ref *(int*)(memory.Control + RingLayout.SenderFencesAt), RemoteFence.IsAvailable ? 1 : 0);
        RemoteFence.Register();
    }

    /// <summary>The longest body sent as one record. Two of them fit: one is written while the other is read.</summary>
    public int LongestBody { get; }

    /// <summary>The longest body that fits now; may be negative.</summary>
    public int LongestNow => (int)Math.Min(LongestBody, Room() - MessageHeader.Size);

    public bool IsCorrupt { get; private set; }

    /// <summary>The bytes committed but not published.</summary>
    public long Unpublished => _tail - _published;

    /// <summary>Returns memory for a body in the ring, valid until <see cref="Commit"/>. Returns false if the ring is full now.</summary>
    public bool TryReserve(int bodyLength, out Span<byte> body)
    {
        SkipLoan();
        long whole = RingLayout.Whole(bodyLength);
        long hole = HoleBefore(whole);
        if (bodyLength > LongestBody || !HasRoom(hole + whole))
        {
            body = default;
            return false;
        }

        SkipHole(hole);

        _reserved = whole;
        body = new Span<byte>(_data + (_tail & _mask) + MessageHeader.Size, bodyLength);
        return true;
    }

    /// <summary>Reserves, writes and commits a short message in one step, and publishes it unless it is held back.</summary>
    /// <remarks>Returns false if the ring is full now.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryWrite(
        in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, bool holdsBack, out Sleeper sleeper)
    {
        long whole = RingLayout.Whole(header.Length);
        if (_loan == _tail || HoleBefore(whole) != 0 || header.Length > LongestBody || !HasRoom(whole))
        {
            sleeper = Sleeper.None;
            return false;
        }

        byte* at = _data + (_tail & _mask);
        header.Write(new Span<byte>(at, MessageHeader.Size));
        at += MessageHeader.Size;
        if (!head.IsEmpty)
        {
            head.CopyTo(new Span<byte>(at, head.Length));
            at += head.Length;
        }

        payload.CopyTo(new Span<byte>(at, payload.Length));
        _tail += whole;
        sleeper = holdsBack ? Sleeper.None : Publish();
        return true;
    }

    /// <summary>Does the same for a message without head and flags.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryWritePlain(uint ack, ReadOnlySpan<byte> payload, out Sleeper sleeper)
    {
        long tail = _tail;
        long whole = RingLayout.Whole(payload.Length);
        if ((tail + whole > _freeUntil && !TryFree(whole)) || payload.Length > LongestBody)
        {
            sleeper = Sleeper.None;
            return false;
        }

        byte* at = _data + (tail & _mask);
        MessageHeader.WritePlain(new Span<byte>(at, MessageHeader.Size), payload.Length, ack);
        payload.CopyTo(new Span<byte>(at + MessageHeader.Size, payload.Length));
        _tail = tail + whole;
        sleeper = Publish();
        return true;
    }

    public void Commit(in MessageHeader header)
    {
        header.Write(new Span<byte>(_data + (_tail & _mask), MessageHeader.Size));
        _tail += _reserved;
    }

    /// <summary>Writes as much of a stream as fits, as one record, from up to three parts in order. Returns the length.</summary>
    public int WritePiece(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third)
    {
        SkipLoan();

        // At most a quarter of the ring: the peer reads one piece while the next is written.
        long hole = HoleBefore(LeastPiece);
        long room = Math.Min(Math.Min(Room() - hole, _memory.Capacity / 4), hole == 0 ? _hole - _tail : Nowhere) - MessageHeader.Size;
        int length = (int)Math.Min(Math.Max(0, room & -RingLayout.Alignment), (long)first.Length + second.Length + third.Length);
        if (length == 0)
        {
            return 0;
        }

        SkipHole(hole);

        Span<byte> body = new(_data + (_tail & _mask) + MessageHeader.Size, length);
        int part = Put(first, body);
        part += Put(second, body[part..]);
        _ = Put(third, body[part..]);
        PutRecord(RingLayout.Piece, length);
        return length;
    }

    /// <summary>Writes the header of a record that is not a message, and advances past it.</summary>
    private void PutRecord(byte kind, int length)
    {
        Span<byte> prefix = new(_data + (_tail & _mask), MessageHeader.Size);
        prefix.Clear();
        BinaryPrimitives.WriteInt32BigEndian(prefix, length);
        prefix[4] = kind;
        _tail += RingLayout.Whole(length);
    }

    /// <summary>Makes committed data visible to the peer, and wakes it if it sleeps on the memory.</summary>
    /// <remarks>If it sleeps behind its doorbell, the caller has to ring.</remarks>
    public Sleeper Publish()
    {
        PutTail();
        return WakeReader();
    }

    /// <summary>Marks the end behind everything committed, and wakes the peer like <see cref="Publish"/>.</summary>
    public Sleeper End()
    {
        PutTail();

        // Release, after the last position: a reader that sees this sees everything. The acquire is in RingReader.HasEnded.
        Volatile.Write(ref *(int*)(_control + RingLayout.EndedAt), 1);
        return WakeReader();
    }

    /// <summary>Announces that this side waits for capacity. Returns false if there is some already.</summary>
    public bool PrepareWait()
    {
        Volatile.Write(ref *(int*)(_control + RingLayout.WriterAt), RingLayout.BehindDoorbell);

        // Announce before checking again. The reader releases before it checks for a waiting sender: one of the two sees the other.
        FenceElision.FenceForSleep((int*)(_control + RingLayout.UnfencedHeadAt));
        if (!RingLayout.IsWorthWaking(Room() - HoleBefore(LeastPiece), _memory.Capacity))
        {
            return true;
        }

        Volatile.Write(ref *(int*)(_control + RingLayout.WriterAt), RingLayout.Awake);
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void PutTail()
    {
        if (_tail != _published)
        {
            _published = _tail;

            // Release: the records are visible before the position behind them. The acquire is in RingReader.Look.
            Volatile.Write(ref *(long*)(_control + RingLayout.TailAt), _tail);
        }
    }

    private static int Put(ReadOnlySpan<byte> part, Span<byte> into)
    {
        int length = Math.Min(part.Length, into.Length);
        part[..length].CopyTo(into);
        return length;
    }

    /// <summary>Reads what was released. Returns whether this much is free at the tail, with no part of it on loan.</summary>
    private bool TryFree(long whole) => _loan != _tail && _tail + whole <= _hole && Room() >= whole;

    /// <summary>Computes the position up to which the ring is free. It changes with the head, the loan and the hole.</summary>
    private void FindFree() => _freeUntil = _loan == _tail ? 0 : Math.Min(_head + _memory.Capacity, _hole);

    private bool HasRoom(long whole) => _memory.Capacity - (_tail - _head) >= whole || Room() >= whole;

    /// <summary>The number of bytes that the reader has not released.</summary>
    public long Taken => _memory.Capacity - Room();

    private long Room()
    {
        // Acquire: released data is not read any more. The release is in RingReader.MoveHead.
        long head = Volatile.Read(ref *(long*)(_control + RingLayout.HeadAt));
        if (head < _head || head > _published || (head & (RingLayout.Alignment - 1)) != 0)
        {
            IsCorrupt = true;
        }
        else
        {
            _head = head;
            FindFree();
        }

        return IsCorrupt ? 0 : _memory.Capacity - (_tail - _head);
    }

    private Sleeper WakeReader()
    {
        // Publish before checking. The sleeper announces itself before it checks again.
        _fenceElision.Fence();
        if (Volatile.Read(ref *(int*)(_control + RingLayout.ReaderAt)) == RingLayout.Awake)
        {
            return Sleeper.None;
        }

        _fenceElision.Meet();
        return WakeIfAsleep();
    }

    /// <summary>Wakes the reader for data published outside this ring. Any thread.</summary>
    /// <remarks>The caller has made a full fence, because only the writers of this ring know whether its fence is elided.</remarks>
    public Sleeper WakeIfAsleep()
    {
        ref int reader = ref *(int*)(_control + RingLayout.ReaderAt);
        if (Volatile.Read(ref reader) == RingLayout.Awake)
        {
            return Sleeper.None;
        }

        // Any other value that a peer writes there harms only that peer.
        switch (Interlocked.Exchange(ref reader, RingLayout.Awake))
        {
            case RingLayout.BehindDoorbell:
                return Sleeper.BehindDoorbell;
            case RingLayout.OnFutex:
                Futex.Wake(ref reader);
                return Sleeper.Woken;
            default:
                return Sleeper.None;
        }
    }
}

/// <summary>Whether the peer slept when data was published.</summary>
internal enum Sleeper
{
    None,

    /// <summary>It slept, and has been woken.</summary>
    Woken,

    /// <summary>It sleeps until its doorbell rings.</summary>
    BehindDoorbell,
}
