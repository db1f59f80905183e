using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports.SharedMemory;

/// <summary>
/// The sending end of a ring, in memory that the peer has made. One thread at a time (the link's send lock). Nothing that is read from the
/// memory is believed: a head that cannot be right is <see cref="IsCorrupt"/>, and from then on there is no room.
/// </summary>
internal sealed unsafe partial class RingWriter
{
    private readonly RingMemory _memory;
    private readonly byte* _control;
    private readonly byte* _data;
    private readonly long _mask;
    private Elision _elision;
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
        _elision = new Elision((int*)(memory.Control + RingLayout.UnfencedTailAt), (int*)(memory.Control + RingLayout.ReceiverFencesAt));
        Volatile.Write(ref *(int*)(memory.Control + RingLayout.SenderFencesAt), RemoteFence.IsAvailable ? 1 : 0);
        RemoteFence.Register();
    }

    /// <summary>The longest body that is sent as one record: two of them fit, so that one is written while the other is read.</summary>
    public int LongestBody { get; }

    /// <summary>The longest body that there is room for at this moment; may be below zero.</summary>
    public int LongestNow => (int)Math.Min(LongestBody, Room() - MessageHeader.Size);

    public bool IsCorrupt { get; private set; }

    /// <summary>Bytes committed and not published.</summary>
    public long Unpublished => _tail - _published;

    /// <summary>Memory for a body inside the ring, valid until <see cref="Commit"/>; false when there is no room now.</summary>
    public bool TryReserve(int bodyLength, out Span<byte> body)
    {
        PassOverLoan();
        long whole = RingLayout.Whole(bodyLength);
        long hole = HoleBefore(whole);
        if (bodyLength > LongestBody || !HasRoom(hole + whole))
        {
            body = default;
            return false;
        }

        PassOverHole(hole);

        _reserved = whole;
        body = new Span<byte>(_data + (_tail & _mask) + MessageHeader.Size, bodyLength);
        return true;
    }

    /// <summary>Reserves, writes, commits and publishes a short message in one; false when there is no room now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryWrite(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, out Sleeper sleeper)
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
        sleeper = Publish();
        return true;
    }

    /// <summary>The same of a plain message, which has no head.</summary>
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

    /// <summary>
    /// Writes as much of a stream as there is room for, as one record, from up to three parts in order; returns how much.
    /// </summary>
    public int WritePiece(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third)
    {
        PassOverLoan();

        // A quarter of the ring at most: the peer reads one piece while the next is written.
        long hole = HoleBefore(LeastPiece);
        long room = Math.Min(Math.Min(Room() - hole, _memory.Capacity / 4), hole == 0 ? _hole - _tail : Nowhere) - MessageHeader.Size;
        int length = (int)Math.Min(Math.Max(0, room & -RingLayout.Alignment), (long)first.Length + second.Length + third.Length);
        if (length == 0)
        {
            return 0;
        }

        PassOverHole(hole);

        Span<byte> body = new(_data + (_tail & _mask) + MessageHeader.Size, length);
        int part = Put(first, body);
        part += Put(second, body[part..]);
        _ = Put(third, body[part..]);
        PutRecord(RingLayout.Piece, length);
        return length;
    }

    /// <summary>The header of a record that is no message, and on behind it.</summary>
    private void PutRecord(byte kind, int length)
    {
        Span<byte> prefix = new(_data + (_tail & _mask), MessageHeader.Size);
        prefix.Clear();
        BinaryPrimitives.WriteInt32BigEndian(prefix, length);
        prefix[4] = kind;
        _tail += RingLayout.Whole(length);
    }

    /// <summary>
    /// Lets the peer see what was committed, and wakes it where it sleeps on the _memory. Where it sleeps behind its doorbell, that is for
    /// the caller to ring.
    /// </summary>
    public Sleeper Publish()
    {
        if (_tail != _published)
        {
            _published = _tail;

            // Release: the records above are seen before the position behind them. Its acquire is RingReader.Look.
            Volatile.Write(ref *(long*)(_control + RingLayout.TailAt), _tail);
        }

        return WakeReader();
    }

    /// <summary>Says that nothing follows; as <see cref="Publish"/>.</summary>
    public Sleeper End()
    {
        // Release, behind the last position: who sees this sees all. Its acquire is RingReader.HasEnded.
        Volatile.Write(ref *(int*)(_control + RingLayout.EndedAt), 1);
        return WakeReader();
    }

    /// <summary>Announces that this side waits for room; false when there is some already.</summary>
    public bool PrepareWait()
    {
        Volatile.Write(ref *(int*)(_control + RingLayout.WriterAt), RingLayout.BehindBell);

        // Announced before looking again, as the reader gives back before it looks for us: one of the two sees the other.
        Elision.FenceForSleep((int*)(_control + RingLayout.UnfencedHeadAt));
        if (!RingLayout.IsWorthWaking(Room() - HoleBefore(LeastPiece), _memory.Capacity))
        {
            return true;
        }

        Volatile.Write(ref *(int*)(_control + RingLayout.WriterAt), RingLayout.Awake);
        return false;
    }

    private static int Put(ReadOnlySpan<byte> part, Span<byte> into)
    {
        int length = Math.Min(part.Length, into.Length);
        part[..length].CopyTo(into);
        return length;
    }

    /// <summary>Looks what the reader has given back. Whether so much is free by now where the tail is, and none of it lent out.</summary>
    private bool TryFree(long whole) => _loan != _tail && _tail + whole <= _hole && Room() >= whole;

    /// <summary>What is free, and not lent out, is so until a position that changes with the head, the loan and the hole.</summary>
    private void FindFree() => _freeUntil = _loan == _tail ? 0 : Math.Min(_head + _memory.Capacity, _hole);

    private bool HasRoom(long whole) => _memory.Capacity - (_tail - _head) >= whole || Room() >= whole;

    private long Room()
    {
        // Acquire: what the reader gave back it no longer reads. Its release is RingReader.GiveBack.
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
        // Published before looking, as the sleeper announces itself before it looks again.
        _elision.Fence();
        if (Volatile.Read(ref *(int*)(_control + RingLayout.ReaderAt)) == RingLayout.Awake)
        {
            return Sleeper.None;
        }

        _elision.Meet();
        return WakeIfAsleep();
    }

    /// <summary>
    /// Wakes the reader for what is published beside this ring: any thread, behind a full fence of its own, since whether one is left out
    /// is for those to know who write here.
    /// </summary>
    public Sleeper WakeIfAsleep()
    {
        ref int reader = ref *(int*)(_control + RingLayout.ReaderAt);
        if (Volatile.Read(ref reader) == RingLayout.Awake)
        {
            return Sleeper.None;
        }

        // Whatever else a peer may write there is his own loss.
        switch (Interlocked.Exchange(ref reader, RingLayout.Awake))
        {
            case RingLayout.BehindBell:
                return Sleeper.BehindBell;
            case RingLayout.OnFutex:
                Futex.Wake(ref reader);
                return Sleeper.Woken;
            default:
                return Sleeper.None;
        }
    }
}

/// <summary>Whether the peer slept when something was published.</summary>
internal enum Sleeper
{
    None,

    /// <summary>It did, and has been woken.</summary>
    Woken,

    /// <summary>It does, until its doorbell is rung.</summary>
    BehindBell,
}
