using System.Buffers.Binary;
using System.Runtime.Intrinsics;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Memory;

namespace Fairlead.Transports.SharedMemory;

/// <summary>The subscriber's side of a broadcast ring, which only the publisher can write.</summary>
/// <remarks>
/// The publisher does not wait for readers: a copy counts only if the publisher has not overwritten it meanwhile. A subscriber that was
/// overtaken gets its unread messages through its connection. Used by the pump unless a member says otherwise.
/// </remarks>
internal sealed unsafe class BroadcastReader : IDisposable
{
    /// <summary>This side reports its reading position at least once per this many bytes.</summary>
    private const long LeastPublished = 16 * 1024;

    // Addresses in the memory, which outlives their uses. Asking the memory for them costs as much as reading there.
    private readonly RingMemory _memory;
    private readonly byte* _control;
    private readonly byte* _data;
    private readonly long _capacity;
    private readonly byte* _page;
    private readonly long _mask;
    private volatile bool _hasJoined;
    private bool _isPassed;
    private ulong _bit;
    private long _at;
    private long _next;
    private long _tail;
    private long _published;
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

    /// <summary>Whether this side takes part. Any thread.</summary>
    public bool HasJoined => _hasJoined;

    /// <summary>Whether there are unread records, for any subscriber. For a thread that is about to sleep.</summary>
    public bool HasArrived => _hasJoined && !_isPassed && Volatile.Read(ref *(long*)(_control + BroadcastLayout.TailAt)) != _at;

    /// <summary>The flag that tells that the publisher does not use a fence before it looks for sleepers.</summary>
    public int* Unfenced => (int*)(_control + BroadcastLayout.UnfencedAt);

    /// <summary>Whether the next messages through the connection were already read here. Used by the pump.</summary>
    public bool HasRepeats => _repeats > 0;

    /// <summary>Whether everything seen has been taken.</summary>
    public bool IsDrained => _at == _tail;

    /// <summary>Whether the publisher wants acknowledgements. Under the send lock of a connection that is not disposed.</summary>
    public bool IsWaitedFor => Volatile.Read(ref *(int*)(_control + BroadcastLayout.WaitsAt)) != 0;

    /// <summary>Checks and maps the memory that the publisher has passed.</summary>
    /// <param name="file">The memory file, which may be closed afterwards.</param>
    /// <param name="own">The ring in which this side receives, and which contains its reports.</param>
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
                ErrorCode.Corrupt, "the publisher passed an invalid broadcast ring, or one that it could truncate while it is read");
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
            ErrorCode.Incompatible,
            $"the publisher's broadcast ring has version {version}, but this side supports {BroadcastLayout.Version}",
            "Update the older program.");
    }

    /// <summary>Begins to read messages here, from the position in the publisher's frame.</summary>
    public void Sit(ReadOnlySpan<byte> body)
    {
        long position = body.Length == BroadcastLayout.SitBytes ? BinaryPrimitives.ReadInt64LittleEndian(body) : -1;
        if (_hasJoined
            || _repeats > 0
            || position < _tail
            || (position & (RingLayout.Alignment - 1)) != 0
            || position > ReadTail()
            || body[8] >= BroadcastLayout.MostSlots)
        {
            throw Corrupt("it gave an invalid position for reading");
        }

        _bit = 1UL << body[8];
        _at = _tail = position;
        _taken = 0;
        _isPassed = false;
        PublishRead();
        _hasJoined = true;
    }

    /// <summary>Stops reading here. Messages then come through the connection, first those that this side may not have read.</summary>
    public void Leave(ReadOnlySpan<byte> body)
    {
        long sent = body.Length == BroadcastLayout.LeaveBytes ? BinaryPrimitives.ReadInt64LittleEndian(body) : -1;
        long repeated = sent >= 0 ? BinaryPrimitives.ReadInt64LittleEndian(body[8..]) : -1;
        if (!_hasJoined || repeated < 0 || repeated > sent || _taken > sent || _taken < sent - repeated)
        {
            throw Corrupt("its count of records does not match those in the ring");
        }

        _repeats = _taken - (sent - repeated);
        _hasJoined = false;

        // Release: nothing below is read here again until the publisher says so, which it does only after it has seen this.
        Volatile.Write(ref *(uint*)(_page + RingLayout.LeftAt), ++_left);
    }

    /// <summary>Returns whether a message through the connection was already read here. None may come while this side takes part.</summary>
    public bool IsRepeated()
    {
        if (_hasJoined)
        {
            throw Corrupt("a message came through the connection and not through the broadcast ring");
        }

        if (_repeats == 0)
        {
            return false;
        }

        _repeats--;
        return true;
    }

    /// <summary>Reads the published position. Returns whether there is something to read.</summary>
    public bool Poll()
    {
        if (!_hasJoined || _isPassed)
        {
            return false;
        }

        // Acquire: the records before this position are complete. The release is in BroadcastRing.Write.
        long tail = ReadTail();
        if (tail == _tail)
        {
            return tail != _at;
        }

        if (tail < _tail || (tail & (RingLayout.Alignment - 1)) != 0)
        {
            throw Corrupt("its position is invalid");
        }

        _tail = tail;
        if (tail - _at <= _capacity)
        {
            return true;
        }

        return IsStillThere() ? throw Corrupt("its position is invalid") : false;
    }

    /// <summary>Finds the next record for this side, whose body may be overwritten at any time.</summary>
    /// <remarks>Copy the body. The copy counts only after <see cref="TryAdvance"/> returns true.</remarks>
    public bool TryRead(out MessageHeader header, out ReadOnlySpan<byte> body)
    {
        header = default;
        body = default;
        if (!_hasJoined || _isPassed)
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
                throw Corrupt("a record extends beyond the published data");
            }

            if ((audience & _bit) != 0)
            {
                _next = whole;
                body = new ReadOnlySpan<byte>(record + BroadcastLayout.RecordHead, (int)announced);
                return true;
            }

            _at += whole;
        }

        PublishRead();
        return false;
    }

    /// <summary>Combines <see cref="Poll"/> and <see cref="TryRead"/>, but ignores invalid data, which those two report.</summary>
    /// <remarks>
    /// The header may be wrong, too, until <see cref="TryAdvance"/> confirms everything that was copied. The body lies within the published
    /// data.
    /// </remarks>
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

            // Copied before it is checked, because the publisher may change it at any time.
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

            // A record for other subscribers.
            if (!IsStillThere())
            {
                return false;
            }

            _at += whole;
            if (_at == _tail)
            {
                PublishRead();
                return false;
            }
        }
    }

    /// <summary>Takes a copy of the next record, if it was seen already and is published with this head and acknowledgement.</summary>
    /// <remarks>It must also be for this side. Ignores unusual and invalid data.</remarks>
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

        // All reads of the record come before this; see IsStillThere, which also reports errors.
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
        if (_at - _published >= LeastPublished)
        {
            PublishRead();
        }
    }

    /// <summary>Advances past the record that was read and copied. Returns false if the copy may be incomplete.</summary>
    public bool TryAdvance()
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

    /// <summary>Returns whether the record at this position was not overwritten while it was read.</summary>
    private bool IsStillThere()
    {
        // All reads of the record come before this. The counterpart is in BroadcastRing.TryMoveFloor: a reader that sees any part of a
        // later record also sees the floor that freed its space.
        Ordering.Loads();
        long floor = Volatile.Read(ref *(long*)(_control + BroadcastLayout.FloorAt));
        if (floor <= _at)
        {
            return true;
        }

        if (floor > ReadTail())
        {
            throw Corrupt("it has released records that it has not written");
        }

        _isPassed = true;
        return false;
    }

    private void PublishRead()
    {
        if (_published != _at)
        {
            _published = _at;

            // Release: nothing before this position is read any more. The acquire is in RingSlot.Poll.
            Volatile.Write(ref *(long*)(_page + RingLayout.ReadAt), _at);
        }
    }

    private static FairleadException Corrupt(string what) =>
        new(ErrorCode.Corrupt, $"the publisher has corrupted the shared memory: {what}", "Only this connection ends.");
}
