using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports.SharedMemory;

/// <summary>
/// The receiving end of a ring, in memory that this side has made. <see cref="Look"/>, <see cref="TryRead"/> and <see cref="GiveBack"/> are
/// for whoever pumps; leases are given back from any thread, in any order. Nothing that is read from the memory is believed: positions and
/// lengths are copied once and checked, and what cannot be right throws Corrupt.
/// </summary>
internal sealed unsafe class RingReader(RingMemory memory, Action roomWasMade) : MemoryLease
{
    /// <summary>So much is given back at once at least while more lies there: less than what the ring has beyond the window.</summary>
    private const int GiveBackBytes = 16 * 1024;

    private const int CacheLine = 64;

    /// <summary>So far ahead of what is read it is fetched, where it has been published.</summary>
    private const int Ahead = 4 * CacheLine;

    private readonly byte* _control = memory.Control;
    private readonly byte* _data = memory.Data;
    private readonly long _mask = memory.Capacity - 1;
    private readonly RankedLock _gate = new(LockRank.RingLeases);
    private Elision _elision = new((int*)(memory.Control + RingLayout.UnfencedHeadAt), (int*)(memory.Control + RingLayout.SenderFencesAt));
    private LentRecords _leases;
    private long _read;
    private long _tail;
    private long _readThrough;
    private bool _hasLent;
    private long _head;

    /// <summary>Whether the sender has said that nothing follows. To be asked before <see cref="Look"/>: then what it saw is all.</summary>
    // Acquire; its release is RingWriter.End.
    public bool HasEnded => Volatile.Read(ref *(int*)(_control + RingLayout.EndedAt)) != 0;

    /// <summary>What is read besides this ring, by the same sleeper.</summary>
    public BroadcastReader? Beside { get; set; }

    /// <summary>Whether there is something to read, or the end.</summary>
    public bool HasArrived => HasArrivedHere || Beside is { HasArrived: true };

    /// <summary>The same of this ring alone.</summary>
    public bool HasArrivedHere
    {
        get
        {
            // The line of the position and those of the record change at about the same time. Who asks for all of them again and again gets
            // them on one way, instead of the record behind the position.
            byte* record = _data + (_read & _mask);
            Processor.Prefetch(record);
            Processor.Prefetch(record + CacheLine);
            return Volatile.Read(ref *(long*)(_control + RingLayout.TailAt)) != _read || HasEnded;
        }
    }

    /// <summary>Sees what has been published; whether there is something to read.</summary>
    public bool Look()
    {
        // Acquire: the records before this position are whole. Its release is RingWriter.Publish.
        long tail = Volatile.Read(ref *(long*)(_control + RingLayout.TailAt));
        if (tail == _tail)
        {
            return tail != _read;
        }

        if (tail < _tail || tail - Volatile.Read(ref _head) > memory.Capacity || (tail & (RingLayout.Alignment - 1)) != 0)
        {
            throw Corrupt("its position cannot be right");
        }

        _tail = tail;
        return true;
    }

    /// <summary>
    /// The next record's header and length; false when there is none among what was seen. It stays the next until <see cref="Pass"/> or
    /// <see cref="Lend"/>.
    /// </summary>
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
            throw Corrupt("a record reaches beyond what was published");
        }

        length = (int)announced;
        return true;
    }

    /// <summary>Read once before it is judged: the peer may change it under our eyes.</summary>
    private MessageHeader ReadHeader(out uint announced) => MessageHeader.Read(Vector128.Load(_data + (_read & _mask)), out announced);

    public bool IsDrained => _read == _tail;

    /// <summary>As <see cref="Look"/> and <see cref="TryRead"/>, but what cannot be right is only not there: they say it.</summary>
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

    /// <summary>As <see cref="TryPeek"/>, for a plain message.</summary>
    /// <param name="looks">Whether to look at what has been published where all that was seen has been read.</param>
    /// <param name="ack">What it acknowledges.</param>
    /// <param name="length">Of its body, at most <see cref="int.MaxValue"/>.</param>
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

    /// <summary>
    /// Sees what has been published; how much there is to read by now. What cannot be right is only not there. What was read is given back
    /// where there is nothing.
    /// </summary>
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

    /// <summary>
    /// What lies further on is on its way while a record is handled: the sender's processor has it, and each line takes longer to come than
    /// a short message takes to be handled.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FetchAhead(byte* record, long rest)
    {
        if (rest >= Ahead + CacheLine + CacheLine)
        {
            Processor.Prefetch(record + Ahead);
            Processor.Prefetch(record + Ahead + CacheLine);
        }
    }

    /// <summary>
    /// Goes on behind a record whose bytes were copied, and gives back when enough has come together. What is less is given back by the
    /// next look that finds nothing, when there is time.
    /// </summary>
    public void PassAndGive(int length)
    {
        Pass(length);
        if (_read - _readThrough >= GiveBackBytes)
        {
            GiveBack();
        }
    }

    /// <summary>The body of the record that was read: its memory, which the peer may still write to.</summary>
    public ReadOnlySpan<byte> Body(int length) => new(_data + (_read & _mask) + MessageHeader.Size, length);

    /// <summary>Goes on behind a record whose bytes were copied. Its memory is given back by the next <see cref="GiveBack"/>.</summary>
    public void Pass(int length) => _read += RingLayout.Whole(length);

    /// <summary>Goes on behind a record that is lent out where it lies; <see cref="Release"/> with the token gives it back.</summary>
    public Incoming Lend(in MessageHeader header, int length)
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

    /// <summary>Gives back what was copied, as far as nothing lent out lies before it.</summary>
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
            // Nobody else moves the head: who gave the last lease back did so under the gate, and has been seen.
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

    /// <summary>Announces that this side sleeps behind its doorbell; false when there is something to read, or the end, already.</summary>
    public bool PrepareWait() => Announce(RingLayout.BehindBell);

    /// <summary>
    /// Sleeps on the memory until something is published, the time has passed, or <see cref="Unpark"/>; not at all when
    /// <paramref name="mayNot"/> or there is something already.
    /// </summary>
    public void Park(TimeSpan timeout, Func<bool> mayNot)
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

    /// <summary>Who was announced behind the doorbell is about to sleep on the memory instead; false when he has been woken.</summary>
    public bool TryStay() => Interlocked.CompareExchange(ref Sleeping, RingLayout.OnFutex, RingLayout.BehindBell) == RingLayout.BehindBell;

    /// <summary>Sleeps on the memory, as it was announced.</summary>
    public void Stay() => Futex.Wait(ref Sleeping, RingLayout.OnFutex, Timeout.InfiniteTimeSpan);

    /// <summary>Wakes who else sleeps on the memory, if anybody does.</summary>
    public void PassOn() => Futex.Wake(ref Sleeping);

    public void EndWait() => Volatile.Write(ref Sleeping, RingLayout.Awake);

    public bool IsAnnounced => Volatile.Read(ref Sleeping) != RingLayout.Awake;

    private ref int Sleeping => ref *(int*)(_control + RingLayout.ReaderAt);

    private bool Announce(int how)
    {
        Volatile.Write(ref Sleeping, how);

        // Announced before looking again, as the sender publishes before it looks for us: one of the two sees the other.
        Elision.FenceForSleep((int*)(_control + RingLayout.UnfencedTailAt), Beside is { } beside ? beside.Unfenced : null);
        if (!HasArrived)
        {
            return true;
        }

        EndWait();
        return false;
    }

    /// <summary>Under the gate. True when the sender waits for room and must be woken.</summary>
    private bool MoveHead(long head)
    {
        if (head == _head)
        {
            return false;
        }

        Volatile.Write(ref _head, head);

        // Release: what was read before it is read no more. Its acquire is RingWriter.Room.
        Volatile.Write(ref *(long*)(_control + RingLayout.HeadAt), head);

        // Given back before looking, as the sender announces itself before it looks again.
        _elision.Fence();
        ref int sleeper = ref *(int*)(_control + RingLayout.WriterAt);
        if (Volatile.Read(ref sleeper) == 0)
        {
            return false;
        }

        _elision.Meet();
        return RingLayout.IsWorthWaking(
                memory.Capacity - (Volatile.Read(ref *(long*)(_control + RingLayout.TailAt)) - head),
                memory.Capacity)
            && Interlocked.Exchange(ref sleeper, 0) != 0;
    }

    private static FairleadException Corrupt(string what) =>
        new(ErrorCode.Corrupt, $"the peer has spoilt the shared memory: {what}", "Only this connection is lost.");
}
