using System.Numerics;
using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports.SharedMemory;

/// <summary>
/// The publisher's side of a broadcast ring. Nobody is waited for: who has no credit is passed over, and who has not read what is to be
/// overwritten is sent it through its connection and leaves.
/// </summary>
/// <remarks>
/// The gate holds everything here, and comes behind the links' send locks. What subscribers say of themselves lies in memory that they can
/// write at any time: it is copied once and checked, and harms at most themselves.
/// </remarks>
internal sealed unsafe partial class BroadcastRing : Broadcast
{
    /// <summary>Records are found again by the first one that begins in each block.</summary>
    private const int BlockShift = 12;

    /// <summary>Messages in a row for which nobody slept, before the fence is left out.</summary>
    private const int Patience = 64;

    /// <summary>Room is made for so many records at a time: an eighth of the ring.</summary>
    private const int FloorShift = 3;

    private readonly RankedLock _gate = new(LockRank.BroadcastSeats);
    private readonly Descriptor _file;
    private readonly RingMemory _memory;
    private readonly byte* _control;
    private readonly byte* _data;
    private readonly long _capacity;
    private readonly long _mask;
    private readonly long[] _firstInBlock;
    private readonly RingSeat?[] _seats = new RingSeat?[BroadcastLayout.MostSeats];
    private readonly List<BroadcastAudience> _counting = [];

    // Where each who has a seat says whether he sleeps; together, since they are looked at for each message.
    private readonly nint[] _sleepers = new nint[BroadcastLayout.MostSeats];
    private long _tail;
    private long _floor;
    private long _lastBlock = -1;
    private int _version;
    private int _waiting;
    private int _alone;
    private bool _isUnfenced;
    private bool _isDisposed;

    // Everybody who sits and is not passed over has credit for as much.
    private long _creditMessages;
    private long _creditBytes;
    private long _longest;

    /// <exception cref="FairleadException">The system gives no memory.</exception>
    public BroadcastRing(long capacity)
    {
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

    public override BroadcastSeat? TrySeat(Connection connection)
    {
        if (connection is not SharedMemoryConnection peer || !peer.PeerHearsBroadcasts)
        {
            return null;
        }

        using (_gate.Hold())
        {
            int place = Array.IndexOf(_seats, null);
            if (_isDisposed || place < 0 || !peer.TryPass(_file))
            {
                return null;
            }

            FenceAgain();
            _sleepers[place] = (nint)(peer.PeerControl + RingLayout.ReaderAt);
            return _seats[place] = new RingSeat(this, peer, place);
        }
    }

    public override int Publish(
        BroadcastAudience audience,
        MessageHeader header,
        ReadOnlySpan<byte> head,
        ReadOnlySpan<byte> payload,
        out ulong reached,
        out ulong inTheWay)
    {
        int length = head.Length + payload.Length;
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

            header.HeadLength = checked((ushort)head.Length);
            header.Length = length;
            Write(audience.Mask, header, head, payload, whole);
            _creditMessages--;
            _creditBytes -= length;
            if (audience.Messages++ == 0)
            {
                _counting.Add(audience);
            }

            audience.Bytes += length;
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
                foreach (RingSeat? seat in _seats)
                {
                    if (seat is { IsSitting: true })
                    {
                        seat.Look();
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
            // What was written for them before was entered when the version changed.
            ulong mask = 0;
            foreach (BroadcastSeat seat in audience.Seats)
            {
                mask |= ((RingSeat)seat).IsReached ? seat.Bit : 0;
            }

            audience.Mask = mask;
            audience.Count = BitOperations.PopCount(mask);
            audience.Version = _version;
        }

        return audience.Mask;
    }

    private void Write(ulong audience, in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, long whole)
    {
        byte* record = _data + (_tail & _mask);
        *(ulong*)record = audience;
        header.Write(new Span<byte>(record + 8, MessageHeader.Size));
        Span<byte> body = new(record + BroadcastLayout.RecordHead, header.Length);
        head.CopyTo(body);
        payload.CopyTo(body[head.Length..]);
        long block = _tail >> BlockShift;
        if (block != _lastBlock)
        {
            _lastBlock = block;
            _firstInBlock[block & (_firstInBlock.Length - 1)] = _tail;
        }

        _tail += whole;

        // Release: the record is seen before the position behind it. Its acquire is BroadcastReader.Look.
        Volatile.Write(ref *(long*)(_control + BroadcastLayout.TailAt), _tail);
    }

    private void Wake(ulong audience)
    {
        // Published before looking, as the sleepers announce themselves before they look again.
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
                _seats[place]!.Wake();
            }
        }
    }

    /// <summary>
    /// As <see cref="Elision"/> does for one reader: a fence waits until all that was written has got through to the processors that still
    /// have what stood there before.
    /// </summary>
    private void FenceAndCount()
    {
        if (++_alone > Patience)
        {
            _alone = 0;
            if (RemoteFence.IsReached && Array.TrueForAll(_seats, static seat => seat is null or { Fences: true }))
            {
                // Said, then this last fence: who went to sleep without having seen it is seen from here on.
                Volatile.Write(ref *(int*)(_control + BroadcastLayout.UnfencedAt), 1);
                _isUnfenced = true;
            }
        }

        Interlocked.MemoryBarrier();
    }

    /// <summary>Somebody sleeps, or somebody has come who cannot make the fence himself.</summary>
    private void FenceAgain()
    {
        _alone = 0;
        if (_isUnfenced)
        {
            // Taken back at leisure: a sleeper who sees it still fences in vain.
            _isUnfenced = false;
            Volatile.Write(ref *(int*)(_control + BroadcastLayout.UnfencedAt), 0);
        }
    }

    /// <summary>Makes room up to this position and some more; those in the way come back where it cannot.</summary>
    private bool TryMoveFloor(long needed, out ulong inTheWay)
    {
        inTheWay = 0;
        EnterCounts();

        // Whole blocks: in those that are not given up every record is still found.
        const long Block = 1L << BlockShift;
        needed = (needed + Block - 1) & -Block;
        long floor = Math.Min(_tail, needed + (_capacity >> FloorShift));
        foreach (RingSeat? seat in _seats)
        {
            if (seat is { IsSitting: true })
            {
                seat.Look();
                floor = Math.Min(floor, seat.Read);
                inTheWay |= seat.Read < needed ? seat.Bit : 0;
            }
        }

        if (inTheWay != 0)
        {
            return false;
        }

        _floor = floor &= -Block;

        // Said before anything is overwritten: who has copied what is being overwritten sees it, and throws the copy away. The counterpart
        // is BroadcastReader.IsStillThere.
        Volatile.Write(ref *(long*)(_control + BroadcastLayout.FloorAt), floor);
        Ordering.Stores();
        return true;
    }

    /// <summary>
    /// Enters with each what was written for all, sees what all have consumed, and passes over those whose credit is at its end.
    /// </summary>
    private void LookForCredit(int length)
    {
        EnterCounts();
        _creditMessages = _creditBytes = _longest = long.MaxValue;
        foreach (RingSeat? seat in _seats)
        {
            if (seat is not { IsReached: true })
            {
                continue;
            }

            seat.Look();
            if (!seat.HasCredit(length))
            {
                seat.MarkPassedOver();
                _version++;
                continue;
            }

            _creditMessages = Math.Min(_creditMessages, seat.RoomMessages);
            _creditBytes = Math.Min(_creditBytes, seat.RoomBytes);
            _longest = Math.Min(_longest, seat.Longest);
        }
    }

    /// <summary>Before anybody's membership changes: what was written so far was for those of now.</summary>
    private void EnterCounts()
    {
        foreach (BroadcastAudience audience in _counting)
        {
            for (ulong rest = audience.Mask; rest != 0; rest &= rest - 1)
            {
                RingSeat seat = _seats[BitOperations.TrailingZeroCount(rest)]!;
                seat.Sent += audience.Messages;
                seat.SentBytes += audience.Bytes;
            }

            audience.Messages = audience.Bytes = 0;
        }

        _counting.Clear();
    }

    /// <summary>Membership is about to change.</summary>
    private void Change()
    {
        EnterCounts();
        _version++;

        // Looked at anew before the next message.
        _creditMessages = 0;
    }
}
