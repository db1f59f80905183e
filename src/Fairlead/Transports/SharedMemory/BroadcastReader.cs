using System.Buffers.Binary;
using System.Runtime.Intrinsics;
using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports.SharedMemory;

/// <summary>
/// The subscriber's side of a broadcast ring, which the publisher alone can write and waits for nobody with: what was copied counts only
/// when the publisher has not passed meanwhile. A subscriber that was passed is sent what it has not read through its connection. By the
/// pump, unless it says otherwise.
/// </summary>
internal sealed unsafe class BroadcastReader : IDisposable
{
    /// <summary>The publisher hears how far this side has read at least once in so many bytes.</summary>
    private const long LeastTold = 16 * 1024;

    // Where things lie in the memory, which outlives the uses: asking it costs as much as reading there.
    private readonly RingMemory _memory;
    private readonly byte* _control;
    private readonly byte* _data;
    private readonly long _capacity;
    private readonly byte* _page;
    private readonly long _mask;
    private volatile bool _isSitting;
    private bool _isPassed;
    private ulong _bit;
    private long _at;
    private long _next;
    private long _tail;
    private long _told;
    private long _taken;
    private long _repeats;
    private uint _left;

    private BroadcastReader(RingMemory memory, RingMemory own)
    {
        _memory = memory;
        _control = memory.Control;
        _data = memory.Data;
        _capacity = memory.Capacity;
        _mask = _capacity - 1;
        _page = own.Control;
    }

    /// <summary>Whether this side reads here. Any thread.</summary>
    public bool IsSitting => _isSitting;

    /// <summary>Whether there is something to read, for whomever. By whoever is about to sleep.</summary>
    public bool HasArrived => _isSitting && !_isPassed && Volatile.Read(ref *(long*)(_control + BroadcastLayout.TailAt)) != _at;

    /// <summary>Where the publisher says that it makes no fence before it looks for sleepers.</summary>
    public int* Unfenced => (int*)(_control + BroadcastLayout.UnfencedAt);

    /// <summary>Whether the next messages through the connection have been read here before. By the pump.</summary>
    public bool HasRepeats => _repeats > 0;

    /// <summary>Whether all that was seen has been taken.</summary>
    public bool IsDrained => _at == _tail;

    /// <summary>
    /// Whether the publisher wants to be told by acknowledgements. Under the send lock of a connection that is not disposed.
    /// </summary>
    public bool IsWaitedFor => Volatile.Read(ref *(int*)(_control + BroadcastLayout.WaitsAt)) != 0;

    /// <summary>Checks what the publisher passed, and maps it.</summary>
    /// <param name="file">May be closed afterwards.</param>
    /// <param name="own">The ring that this side receives in: what it says of itself stands there.</param>
    /// <exception cref="FairleadException">Corrupt or Incompatible.</exception>
    public static BroadcastReader Accept(Descriptor file, RingMemory own)
    {
        long capacity = (NativeFile.Fstat(file)?.Size ?? 0) - RingMemory.ControlSize;
        bool isRing = capacity is >= RingLayout.LeastCapacity and <= RingLayout.MostCapacity
            && (capacity & (capacity - 1)) == 0
            && capacity % RingMemory.ControlSize == 0;
        if (!isRing || !MemoryFile.IsSafe(file, RingMemory.ControlSize + capacity))
        {
            throw new FairleadException(
                ErrorCode.Corrupt, "the publisher passed no broadcast ring, or one that it could cut while it is read");
        }

        RingMemory memory = new(file, capacity, isReadOnly: true);
        uint version = *(uint*)(memory.Control + RingLayout.VersionAt);
        if (*(uint*)(memory.Control + RingLayout.MagicAt) == BroadcastLayout.Magic
            && version == BroadcastLayout.Version
            && *(long*)(memory.Control + RingLayout.CapacityAt) == capacity)
        {
            return new BroadcastReader(memory, own);
        }

        memory.Dispose();
        throw new FairleadException(
            ErrorCode.Incompatible, $"the publisher's broadcast ring is of another version, {version}", "Update the older program.");
    }

    /// <summary>From here on messages are read here, from the position that the publisher names.</summary>
    public void Sit(ReadOnlySpan<byte> body)
    {
        long position = body.Length == BroadcastLayout.SitBytes ? BinaryPrimitives.ReadInt64LittleEndian(body) : -1;
        if (_isSitting
            || _repeats > 0
            || position < _tail
            || (position & (RingLayout.Alignment - 1)) != 0
            || position > ReadTail()
            || body[8] >= BroadcastLayout.MostSeats)
        {
            throw Corrupt("it lets this side read where nothing is");
        }

        _bit = 1UL << body[8];
        _at = _tail = position;
        _taken = 0;
        _isPassed = false;
        TellRead();
        _isSitting = true;
    }

    /// <summary>From here on messages come through the connection, first those that this side may not have read.</summary>
    public void Leave(ReadOnlySpan<byte> body)
    {
        long sent = body.Length == BroadcastLayout.LeaveBytes ? BinaryPrimitives.ReadInt64LittleEndian(body) : -1;
        long repeated = sent >= 0 ? BinaryPrimitives.ReadInt64LittleEndian(body[8..]) : -1;
        if (!_isSitting || repeated < 0 || repeated > sent || _taken > sent || _taken < sent - repeated)
        {
            throw Corrupt("what it says to have written is not what was there");
        }

        _repeats = _taken - (sent - repeated);
        _isSitting = false;

        // Release: nothing behind this is read here until the publisher says so again, and it does not before it has seen this.
        Volatile.Write(ref *(uint*)(_page + RingLayout.LeftAt), ++_left);
    }

    /// <summary>A message has come through the connection: whether it was read here before. None may come while this side sits.</summary>
    public bool IsRepeated()
    {
        if (_isSitting)
        {
            throw Corrupt("a message came through the connection that should stand in the broadcast ring");
        }

        if (_repeats == 0)
        {
            return false;
        }

        _repeats--;
        return true;
    }

    /// <summary>Sees what has been published; whether there is something to read.</summary>
    public bool Look()
    {
        if (!_isSitting || _isPassed)
        {
            return false;
        }

        // Acquire: the records before this position are whole. Its release is BroadcastRing.Write.
        long tail = ReadTail();
        if (tail == _tail)
        {
            return tail != _at;
        }

        if (tail < _tail || (tail & (RingLayout.Alignment - 1)) != 0)
        {
            throw Corrupt("its position cannot be right");
        }

        _tail = tail;
        if (tail - _at <= _capacity)
        {
            return true;
        }

        return IsStillThere() ? throw Corrupt("its position cannot be right") : false;
    }

    /// <summary>
    /// The next record that is meant for this side. Its body lies in memory that may be written over: it is to be copied, and counts when
    /// <see cref="TryPass"/> says so.
    /// </summary>
    public bool TryRead(out MessageHeader header, out ReadOnlySpan<byte> body)
    {
        header = default;
        body = default;
        if (!_isSitting || _isPassed)
        {
            return false;
        }

        Span<byte> copy = stackalloc byte[MessageHeader.Size];
        while (_at != _tail)
        {
            byte* record = _data + (_at & _mask);
            ulong audience = Volatile.Read(ref *(ulong*)record);
            new ReadOnlySpan<byte>(record + 8, MessageHeader.Size).CopyTo(copy);
            if (!IsStillThere())
            {
                return false;
            }

            header = MessageHeader.Read(copy, out uint announced);
            long whole = BroadcastLayout.Whole(announced);
            if (whole > _tail - _at)
            {
                throw Corrupt("a record reaches beyond what was published");
            }

            if ((audience & _bit) != 0)
            {
                _next = whole;
                body = new ReadOnlySpan<byte>(record + BroadcastLayout.RecordHead, (int)announced);
                return true;
            }

            _at += whole;
        }

        TellRead();
        return false;
    }

    /// <summary>
    /// As <see cref="Look"/> and <see cref="TryRead"/>, but what cannot be right is only not there: they say it. Nor is the header known to
    /// be whole before <see cref="TryPass"/> says so of all that was copied; its body lies within what was published.
    /// </summary>
    public bool TryPeek(out MessageHeader header, out ReadOnlySpan<byte> body)
    {
        header = default;
        body = default;
        if (_isPassed)
        {
            return false;
        }

        if (_at == _tail)
        {
            // Acquire: see Look.
            long tail = ReadTail();
            if (tail <= _tail || tail - _at > _capacity || (tail & (RingLayout.Alignment - 1)) != 0)
            {
                return false;
            }

            _tail = tail;
        }

        while (true)
        {
            byte* record = _data + (_at & _mask);
            ulong audience = Volatile.Read(ref *(ulong*)record);

            // Copied before it is judged: the publisher may change it under our eyes.
            header = MessageHeader.Read(Vector128.Load(record + 8), out uint announced);
            long whole = BroadcastLayout.Whole(announced);
            if (whole > _tail - _at)
            {
                return false;
            }

            _next = whole;
            if ((audience & _bit) != 0)
            {
                body = new ReadOnlySpan<byte>(record + BroadcastLayout.RecordHead, (int)announced);
                return true;
            }

            // Somebody else's.
            if (!IsStillThere())
            {
                return false;
            }

            _at += whole;
            if (_at == _tail)
            {
                TellRead();
                return false;
            }
        }
    }

    /// <summary>
    /// Takes the next record, if it was seen already, is meant for this side, and is like the one before: published, with this head, and
    /// acknowledging so much. A copy of its body. What is unusual, or cannot be right, is only not there.
    /// </summary>
    public bool TryTake(ReadOnlySpan<byte> head, uint ack, Span<byte> into, int limit, out int length)
    {
        long at = _at;
        long rest = _tail - at;
        byte* record = _data + (at & _mask);
        length = 0;
        if (rest == 0
            || _isPassed
            || (Volatile.Read(ref *(ulong*)record) & _bit) == 0
            || !MessageHeader.TryReadAs(
                MessageKind.Publish,
                head.Length,
                new ReadOnlySpan<byte>(record + 8, MessageHeader.Size),
                out uint announced,
                out uint acknowledged))
        {
            return false;
        }

        long whole = BroadcastLayout.Whole(announced);
        if (whole > rest || announced > limit || announced > into.Length || acknowledged != ack)
        {
            return false;
        }

        length = (int)announced;
        new ReadOnlySpan<byte>(record + BroadcastLayout.RecordHead, length).CopyTo(into);

        // All that was read was read before this; see IsStillThere, which also says what is wrong.
        Ordering.Loads();
        if (Volatile.Read(ref *(long*)(_control + BroadcastLayout.FloorAt)) > at || !into[..length].StartsWith(head))
        {
            return false;
        }

        GoOn(whole);
        return true;
    }

    private void GoOn(long whole)
    {
        _at += whole;
        _taken++;
        if (_at - _told >= LeastTold)
        {
            TellRead();
        }
    }

    /// <summary>Goes on behind the record that was read and copied; false when the copy may not be whole.</summary>
    public bool TryPass()
    {
        if (!IsStillThere())
        {
            return false;
        }

        GoOn(_next);
        return true;
    }

    public void Dispose() => _memory.Dispose();

    private long ReadTail() => Volatile.Read(ref *(long*)(_control + BroadcastLayout.TailAt));

    /// <summary>Whether what was read from the record at this place was not being written over.</summary>
    private bool IsStillThere()
    {
        // All that was read was read before this. Its counterpart is in BroadcastRing.TryMoveFloor: who reads anything of a later record
        // sees the floor that made room for it.
        Ordering.Loads();
        long floor = Volatile.Read(ref *(long*)(_control + BroadcastLayout.FloorAt));
        if (floor <= _at)
        {
            return true;
        }

        if (floor > ReadTail())
        {
            throw Corrupt("it has given up what it has not written");
        }

        _isPassed = true;
        return false;
    }

    private void TellRead()
    {
        if (_told != _at)
        {
            _told = _at;

            // Release: what lies before it is read no more. Its acquire is RingSeat.Look.
            Volatile.Write(ref *(long*)(_page + RingLayout.ReadAt), _at);
        }
    }

    private static FairleadException Corrupt(string what) =>
        new(ErrorCode.Corrupt, $"the publisher has spoilt the shared memory: {what}", "Only this connection is lost.");
}
