using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Native.Waiting;

namespace Fairlead.Transports.SharedMemory;

/// <summary>The receiving end of a ring, in memory that this side has created.</summary>
/// <remarks>
/// The thread that pumps uses <see cref="Poll"/>, <see cref="TryRead"/> and <see cref="GiveBack"/>. Any thread may release leases, in any
/// order. Data in the memory is not trusted: positions and lengths are copied once and checked, and invalid ones throw Corrupt.
/// </remarks>
internal sealed unsafe class RingReader(RingMemory memory, Action roomWasMade) : MemoryLease(stopsSender: true)
{
    /// <summary>The least amount to release while more data is available. It is less than the ring has beyond the window.</summary>
    private const int GiveBackBytes = 16 * 1024;

    private const int CacheLine = 64;

    /// <summary>How far ahead of reading published data is prefetched.</summary>
    private const int Ahead = 4 * CacheLine;

    private readonly byte* _control = memory.Control;
    private readonly byte* _data = memory.Data;
    private readonly long _mask = memory.Capacity - 1;
    private readonly RankedLock _gate = new(LockRank.RingLeases);
    private FenceElision _fenceElision = new(
        (int*)(memory.Control + RingLayout.UnfencedHeadAt), (int*)(memory.Control + RingLayout.SenderFencesAt));
    private LentRecords _leases;
    private long _read;
    private long _tail;
    private long _readThrough;
    private bool _hasLent;
    private long _head;

    /// <summary>Whether the sender has marked the end. Read it before <see cref="Poll"/>, which then sees everything.</summary>
    // Acquire; the release is in RingWriter.End.
    public bool HasEnded => Volatile.Read(ref *(int*)(_control + RingLayout.EndedAt)) != 0;

    /// <summary>The broadcast ring that the same sleeper reads, if there is one.</summary>
    public BroadcastReader? Beside { get; set; }

    /// <summary>Whether there is data to read, or the end.</summary>
    public bool HasArrived => HasArrivedHere || Beside is { HasArrived: true };

    /// <summary>The same for this ring only.</summary>
    public bool HasArrivedHere
    {
        get
        {
            // The cache lines of the position and of the record change at about the same time. Requesting all of them in each poll fetches
            // them together, instead of the record after the position.
            byte* record = _data + (_read & _mask);
            Processor.Prefetch(record);
            Processor.Prefetch(record + CacheLine);
            return Volatile.Read(ref *(long*)(_control + RingLayout.TailAt)) != _read || HasEnded;
        }
    }

    /// <summary>Reads the published position. Returns whether there is something to read.</summary>
    public bool Poll()
    {
        // Acquire: the records before this position are complete. The release is in RingWriter.Publish.
        long tail = Volatile.Read(ref *(long*)(_control + RingLayout.TailAt));
        if (tail == _tail)
        {
            return tail != _read;
        }

        if (tail < _tail || tail - Volatile.Read(ref _head) > memory.Capacity || (tail & (RingLayout.Alignment - 1)) != 0)
        {
            throw Corrupt("its position is invalid");
        }

        _tail = tail;
        return true;
    }

    /// <summary>Reads the header and length of the next record. Returns false if there is none among those seen.</summary>
    /// <remarks>It stays the next until <see cref="Advance"/> or <see cref="Lease"/>.</remarks>
    public bool TryRead(out MessageHeader header, out int length)
    {
        header = default;
        length = 0;
        if (_read == _tail)
        {
            return false;
        }

        header = ReadHeader(out uint announced);
        if (RingLayout.Whole(announced) > _tail - _read)
        {
            throw Corrupt("a record extends beyond the published data");
        }

        length = (int)announced;
        return true;
    }

    /// <summary>Reads the header once, before it is checked, because the peer may change it at any time.</summary>
    private MessageHeader ReadHeader(out uint announced) => MessageHeader.Read(Vector128.Load(_data + (_read & _mask)), out announced);

    public bool IsDrained => _read == _tail;

    /// <summary>Combines <see cref="Poll"/> and <see cref="TryRead"/>, but ignores invalid data, which those two report.</summary>
    public bool TryPeek(out MessageHeader header, out int length)
    {
        long rest = _tail - _read;
        if (rest == 0 && (rest = See()) == 0)
        {
            header = default;
            length = 0;
            return false;
        }

        FetchAhead(_data + (_read & _mask), rest);
        header = ReadHeader(out uint announced);
        length = (int)announced;
        return announced <= int.MaxValue && RingLayout.Whole(announced) <= rest;
    }

    /// <summary>Does the same for a message without head and flags.</summary>
    /// <param name="looks">Whether to read the published position if everything seen has been read.</param>
    /// <param name="ack">The acknowledgement in the message.</param>
    /// <param name="length">The length of its body, at most <see cref="int.MaxValue"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryPeekPlain(bool looks, out uint ack, out int length)
    {
        long read = _read;
        long rest = _tail - read;
        if (rest == 0 && (!looks || (rest = See()) == 0))
        {
            ack = 0;
            length = 0;
            return false;
        }

        byte* record = _data + (read & _mask);
        FetchAhead(record, rest);
        bool isPlain = MessageHeader.TryReadAs(
            MessageKind.Send, headLength: 0, new ReadOnlySpan<byte>(record, MessageHeader.Size), out uint announced, out ack);
        length = (int)announced;
        return isPlain && RingLayout.Whole(announced) <= rest;
    }

    /// <summary>Reads the published position. Returns the number of bytes to read, and ignores invalid data.</summary>
    /// <remarks>If there is nothing to read, this releases what was read before.</remarks>
    private long See()
    {
        // Acquire: see Look.
        long tail = Volatile.Read(ref *(long*)(_control + RingLayout.TailAt));
        if (tail <= _tail || tail - Volatile.Read(ref _head) > memory.Capacity || (tail & (RingLayout.Alignment - 1)) != 0)
        {
            GiveBack();
            return 0;
        }

        _tail = tail;
        return tail - _read;
    }

    /// <summary>Prefetches later data while a record is being handled.</summary>
    /// <remarks>The sender's CPU caches it, and fetching a cache line takes longer than handling a short message.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FetchAhead(byte* record, long rest)
    {
        if (rest >= Ahead + CacheLine + CacheLine)
        {
            Processor.Prefetch(record + Ahead);
            Processor.Prefetch(record + Ahead + CacheLine);
        }
    }

    /// <summary>Advances past a copied record, and releases when enough was read.</summary>
    /// <remarks>The next poll that finds nothing, and so has time, releases smaller amounts.</remarks>
    public void AdvanceAndReturn(int length)
    {
        Advance(length);
        if (_read - _readThrough >= GiveBackBytes)
        {
            GiveBack();
        }
    }

    /// <summary>Returns the body of the current record in place. The peer may still write to that memory.</summary>
    public ReadOnlySpan<byte> Body(int length) => new(_data + (_read & _mask) + MessageHeader.Size, length);

    /// <summary>Advances past a copied record. The next <see cref="GiveBack"/> releases its memory.</summary>
    public void Advance(int length) => _read += RingLayout.Whole(length);

    /// <summary>Advances past a record that is leased in place. <see cref="Release"/> with the token releases it.</summary>
    public Incoming Lease(in MessageHeader header, int length)
    {
        bool isHeld = false;
        memory.DangerousAddRef(ref isHeld);
        long start = _read;
        _read += RingLayout.Whole(length);
        using (_gate.Hold())
        {
            _hasLent = true;
            _leases.Add(start);
            _readThrough = _read;
        }

        return new Incoming
        {
            Header = header,
            Body = memory.Whole.Slice((int)(start & _mask) + MessageHeader.Size, length),
            Lease = this,
            Token = start,
        };
    }

    /// <summary>Releases the copied records that have no leased record before them.</summary>
    public void GiveBack()
    {
        if (_readThrough == _read)
        {
            return;
        }

        bool isWaitedFor;
        if (_hasLent)
        {
            using (_gate.Hold())
            {
                _readThrough = _read;
                _hasLent = _leases.Count > 0;
                isWaitedFor = !_hasLent && MoveHead(_read);
            }
        }
        else
        {
            // No other thread moves the head: the thread that released the last lease did so under the gate, and this thread has seen it.
            _readThrough = _read;
            isWaitedFor = MoveHead(_read);
        }

        if (isWaitedFor)
        {
            roomWasMade();
        }
    }

    public override void Release(long token)
    {
        bool isWaitedFor;
        using (_gate.Hold())
        {
            _leases.MarkReleased(token);
            isWaitedFor = MoveHead(_leases.Count == 0 ? _readThrough : _leases.First);
        }

        if (isWaitedFor)
        {
            roomWasMade();
        }

        memory.DangerousRelease();
    }

    /// <summary>Announces a sleep behind the doorbell. Returns false if there is data to read, or the end.</summary>
    public bool PrepareWait() => Announce(RingLayout.BehindDoorbell);

    /// <summary>Sleeps on the memory until data is published, the time has passed, or <see cref="Unpark"/>.</summary>
    /// <remarks>Does not sleep if <paramref name="mayNot"/> returns true, or if there is data already.</remarks>
    public void Sleep(TimeSpan timeout, Func<bool> mayNot)
    {
        if (!Announce(RingLayout.OnFutex))
        {
            return;
        }

        if (!mayNot())
        {
            Futex.Wait(ref Sleeping, RingLayout.OnFutex, timeout);
        }

        EndWait();
    }

    /// <summary>Ends a sleep on the memory from another thread of this process.</summary>
    public void Unpark()
    {
        if (Interlocked.CompareExchange(ref Sleeping, RingLayout.Awake, RingLayout.OnFutex) == RingLayout.OnFutex)
        {
            Futex.Wake(ref Sleeping);
        }
    }

    /// <summary>Turns an announced sleep behind the doorbell into one on the memory. Returns false if the peer has ended it.</summary>
    public bool TryPark() =>
        Interlocked.CompareExchange(ref Sleeping, RingLayout.OnFutex, RingLayout.BehindDoorbell) == RingLayout.BehindDoorbell;

    /// <summary>Sleeps on the memory, as announced.</summary>
    public void Park() => Futex.Wait(ref Sleeping, RingLayout.OnFutex, Timeout.InfiniteTimeSpan);

    /// <summary>Wakes another sleeper on the memory, if there is one.</summary>
    public void PassOn() => Futex.Wake(ref Sleeping);

    public void EndWait() => Volatile.Write(ref Sleeping, RingLayout.Awake);

    public bool IsAnnounced => Volatile.Read(ref Sleeping) != RingLayout.Awake;

    private ref int Sleeping => ref *(int*)(_control + RingLayout.ReaderAt);

    private bool Announce(int how)
    {
        Volatile.Write(ref Sleeping, how);

        // Announce before checking again. The sender publishes before it checks for a sleeper: one of the two sees the other.
        FenceElision.FenceForSleep((int*)(_control + RingLayout.UnfencedTailAt), Beside is { } beside ? beside.Unfenced : null);
        if (!HasArrived)
        {
            return true;
        }

        EndWait();
        return false;
    }

    /// <summary>Releases up to this position. Returns true if the sender waits and must be woken. Under the gate.</summary>
    private bool MoveHead(long head)
    {
        if (head == _head)
        {
            return false;
        }

        Volatile.Write(ref _head, head);

        // Release: nothing before this position is read any more. The acquire is in RingWriter.Room.
        Volatile.Write(ref *(long*)(_control + RingLayout.HeadAt), head);

        // Release before checking. The sender announces itself before it checks again.
        _fenceElision.Fence();
        ref int sleeper = ref *(int*)(_control + RingLayout.WriterAt);
        if (Volatile.Read(ref sleeper) == 0)
        {
            return false;
        }

        _fenceElision.Meet();
        return RingLayout.IsWorthWaking(
                memory.Capacity - (Volatile.Read(ref *(long*)(_control + RingLayout.TailAt)) - head),
                memory.Capacity)
            && Interlocked.Exchange(ref sleeper, 0) != 0;
    }

    private static FairleadException Corrupt(string what) =>
        new(ErrorCode.Corrupt, $"the peer has corrupted the shared memory: {what}", "Only this connection ends.");
}
