using System.Numerics;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Registry;

namespace Fairlead.Transports.SharedMemory;

/// <summary>The publisher's side of a broadcast ring.</summary>
/// <remarks>
/// <para>
/// It never waits for a subscriber. It skips a subscriber without credit. If a subscriber has not read the data to overwrite, it gets that
/// data through its connection and leaves.
/// </para>
/// <para>
/// The gate guards everything here, and is taken after the links' send locks. It is biased to the thread that publishes: an interlocked
/// operation would wait until the written message has reached memory that the readers have in their caches. Subscribers report in memory
/// that they can write at any time. Each report is copied once and checked, and can only harm its subscriber.
/// </para>
/// </remarks>
internal sealed unsafe partial class BroadcastRing : Broadcast
{
    /// <summary>The size of a block as a power of two. Records are found from the first one that begins in each block.</summary>
    private const int BlockShift = 12;

    /// <summary>The messages in a row without a sleeper before the fence is elided.</summary>
    private const int Patience = 64;

    /// <summary>The part of the ring to free at one time, as a power of two: an eighth.</summary>
    private const int FloorShift = 3;

    private BiasedLock _gate = new(LockRank.BroadcastSlots);
    private readonly EndpointCounters _counters;
    private readonly Descriptor _file;
    private readonly RingMemory _memory;
    private readonly byte* _control;
    private readonly byte* _data;
    private readonly long _capacity;
    private readonly long _mask;
    private readonly long[] _firstInBlock;
    private readonly RingSlot?[] _slots = new RingSlot?[BroadcastLayout.MostSlots];
    private readonly List<BroadcastAudience> _counting = [];

    // The sleep words of all slots, kept together because every message checks them.
    private readonly nint[] _sleepers = new nint[BroadcastLayout.MostSlots];
    private long _tail;
    private long _floor;
    private long _lastBlock = -1;
    private int _version;
    private int _waiting;
    private int _alone;
    private bool _isUnfenced;
    private bool _isDisposed;

    // The credit that every active subscriber has, at least.
    private long _creditMessages;
    private long _creditBytes;
    private long _longest;

    /// <exception cref="FairleadException">The system does not provide the memory.</exception>
    public BroadcastRing(long capacity, EndpointCounters counters)
    {
        _counters = counters;
        _file = MemoryFile.CreateForReaders("fairlead broadcast", RingMemory.ControlSize + capacity);
        try
        {
            _memory = new RingMemory(_file, capacity);
            MemoryFile.SealAgainstWriters(_file);
        }
        catch
        {
            _memory?.Dispose();
            _file.Dispose();
            throw;
        }

        _control = _memory.Control;
        _data = _memory.Data;
        _capacity = capacity;
        _mask = capacity - 1;
        _firstInBlock = new long[capacity >> BlockShift];
        LongestBody = (int)(capacity / 8);
        *(uint*)(_control + RingLayout.VersionAt) = BroadcastLayout.Version;
        *(long*)(_control + RingLayout.CapacityAt) = capacity;
        *(uint*)(_control + RingLayout.MagicAt) = BroadcastLayout.Magic;
    }

    public override int LongestBody { get; }

    public override BroadcastSlot? TryTakeSlot(Connection connection)
    {
        if (connection is not SharedMemoryConnection peer || !peer.PeerHearsBroadcasts)
        {
            return null;
        }

        using (_gate.Hold())
        {
            int place = Array.IndexOf(_slots, null);
            if (_isDisposed || place < 0 || !peer.TryAdvance(_file))
            {
                return null;
            }

            FenceAgain();
            _sleepers[place] = (nint)(peer.PeerControl + RingLayout.ReaderAt);
            return _slots[place] = new RingSlot(this, peer, place);
        }
    }

    public override int Publish(
        BroadcastAudience audience,
        ReadOnlySpan<byte> payload,
        ReadOnlySpan<byte> behind,
        out ulong reached,
        out ulong inTheWay)
    {
        int length = audience.Head.Length + payload.Length + behind.Length;
        reached = inTheWay = 0;
        using (_gate.Hold())
        {
            if (_isDisposed || length > LongestBody || Members(audience) == 0)
            {
                return 0;
            }

            if (_creditMessages < 1 || _creditBytes < length || _longest < length)
            {
                LookForCredit(length);
                if (Members(audience) == 0)
                {
                    return 0;
                }
            }

            long whole = BroadcastLayout.Whole(length);
            if (_tail + whole - _floor > _capacity && !TryMoveFloor(_tail + whole - _capacity, out inTheWay))
            {
                return 0;
            }

            Write(audience, payload, behind, length, whole);
            _creditMessages--;
            _creditBytes -= length;
            if (audience.Messages++ == 0)
            {
                _counting.Add(audience);
            }

            audience.Bytes += length;
            _counters.AddShared(audience.Count, payload.Length + behind.Length);
            reached = audience.Mask;
            Wake(reached);
            return audience.Count;
        }
    }

    public override long Unread
    {
        get
        {
            using (_gate.Hold())
            {
                EnterCounts();
                long unread = 0;
                foreach (RingSlot? seat in _slots)
                {
                    if (seat is { HasJoined: true })
                    {
                        seat.Poll();
                        unread += _tail - seat.Read;
                    }
                }

                return unread;
            }
        }
    }

    public override void Dispose()
    {
        using (_gate.Hold())
        {
            _isDisposed = true;
        }

        _memory.Dispose();
        _file.Dispose();
    }

    private ulong Members(BroadcastAudience audience)
    {
        if (audience.Version != _version)
        {
            // Messages written for this audience before were counted when the version changed.
            ulong mask = 0;
            foreach (BroadcastSlot seat in audience.Slots)
            {
                mask |= ((RingSlot)seat).IsReached ? seat.Bit : 0;
            }

            audience.Mask = mask;
            audience.Count = BitOperations.PopCount(mask);
            audience.Version = _version;
        }

        return audience.Mask;
    }

    private void Write(
        BroadcastAudience audience, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> behind, int length, long whole)
    {
        byte* record = _data + (_tail & _mask);
        *(ulong*)record = audience.Mask;
        MessageHeader header = audience.Header;
        header.Length = length;
        header.Write(new Span<byte>(record + 8, MessageHeader.Size));
        Span<byte> place = new(record + BroadcastLayout.RecordHead, length);
        audience.Head.CopyTo(place);
        place = place[audience.Head.Length..];
        payload.CopyTo(place);
        if (!behind.IsEmpty)
        {
            behind.CopyTo(place[payload.Length..]);
        }

        long block = _tail >> BlockShift;
        if (block != _lastBlock)
        {
            _lastBlock = block;
            _firstInBlock[block & (_firstInBlock.Length - 1)] = _tail;
        }

        _tail += whole;

        // Release: the record is visible before the position behind it. The acquire is in BroadcastReader.Look.
        Volatile.Write(ref *(long*)(_control + BroadcastLayout.TailAt), _tail);
    }

    private void Wake(ulong audience)
    {
        // Publish before checking for sleepers. A sleeper announces itself before it checks again.
        if (!_isUnfenced)
        {
            FenceAndCount();
        }

        for (; audience != 0; audience &= audience - 1)
        {
            int place = BitOperations.TrailingZeroCount(audience);
            if (Volatile.Read(ref *(int*)_sleepers[place]) != RingLayout.Awake)
            {
                FenceAgain();
                _slots[place]!.Wake();
            }
        }
    }

    /// <summary>Makes the fence, and begins to elide it after a while without sleepers, as <see cref="FenceElision"/> does for one
    /// reader.</summary>
    /// <remarks>The fence is expensive: it waits until the written data has reached the CPUs that cache the old content.</remarks>
    private void FenceAndCount()
    {
        if (++_alone > Patience)
        {
            _alone = 0;
            if (RemoteFence.IsReached && Array.TrueForAll(_slots, static seat => seat is null or { Fences: true }))
            {
                // Set the flag, then make this last fence: every later sleeper sees the flag, and every earlier one is seen from here on.
                Volatile.Write(ref *(int*)(_control + BroadcastLayout.UnfencedAt), 1);
                _isUnfenced = true;
            }
        }

        Interlocked.MemoryBarrier();
    }

    /// <summary>Stops eliding the fence, because a subscriber sleeps, or one joined that cannot make the fence.</summary>
    private void FenceAgain()
    {
        _alone = 0;
        if (_isUnfenced)
        {
            // No fence needed: a sleeper that still sees the old value only makes a fence in vain.
            _isUnfenced = false;
            Volatile.Write(ref *(int*)(_control + BroadcastLayout.UnfencedAt), 0);
        }
    }

    /// <summary>Frees space up to this position and some more. Returns the slots that prevent it.</summary>
    private bool TryMoveFloor(long needed, out ulong inTheWay)
    {
        inTheWay = 0;
        EnterCounts();

        // Whole blocks, because every record in the remaining blocks must be found.
        const long Block = 1L << BlockShift;
        needed = (needed + Block - 1) & -Block;
        long floor = Math.Min(_tail, needed + (_capacity >> FloorShift));
        foreach (RingSlot? seat in _slots)
        {
            if (seat is { HasJoined: true })
            {
                seat.Poll();
                floor = Math.Min(floor, seat.Read);
                inTheWay |= seat.Read < needed ? seat.Bit : 0;
            }
        }

        if (inTheWay != 0)
        {
            return false;
        }

        _floor = floor &= -Block;

        // Written before any data is overwritten: a reader that has copied such data sees it, and discards the copy. The counterpart is
        // BroadcastReader.IsStillThere.
        Volatile.Write(ref *(long*)(_control + BroadcastLayout.FloorAt), floor);
        Ordering.Stores();
        return true;
    }

    /// <summary>Counts the written messages for all, reads what they have consumed, and skips those whose credit is used up.</summary>
    private void LookForCredit(int length)
    {
        EnterCounts();
        _creditMessages = _creditBytes = _longest = long.MaxValue;
        foreach (RingSlot? seat in _slots)
        {
            if (seat is not { IsReached: true })
            {
                continue;
            }

            seat.Poll();
            if (!seat.HasCredit(length))
            {
                seat.MarkSkipped();
                _version++;
                continue;
            }

            _creditMessages = Math.Min(_creditMessages, seat.RoomMessages);
            _creditBytes = Math.Min(_creditBytes, seat.RoomBytes);
            _longest = Math.Min(_longest, seat.Longest);
        }
    }

    /// <summary>Counts the written messages for the current members, before any membership changes.</summary>
    private void EnterCounts()
    {
        foreach (BroadcastAudience audience in _counting)
        {
            for (ulong rest = audience.Mask; rest != 0; rest &= rest - 1)
            {
                RingSlot seat = _slots[BitOperations.TrailingZeroCount(rest)]!;
                seat.Sent += audience.Messages;
                seat.SentBytes += audience.Bytes;
            }

            audience.Messages = audience.Bytes = 0;
        }

        _counting.Clear();
    }

    /// <summary>Prepares a change of membership.</summary>
    private void Change()
    {
        EnterCounts();
        _version++;

        // Forces a new credit check before the next message.
        _creditMessages = 0;
    }
}
