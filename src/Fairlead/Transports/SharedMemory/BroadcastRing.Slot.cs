using System.Buffers.Binary;
using Fairlead.Framing;

namespace Fairlead.Transports.SharedMemory;

/// <content>A subscriber's slot, as seen by the publisher.</content>
internal sealed unsafe partial class BroadcastRing
{
    /// <summary>The least credit to take part, as one part in this many of the window. Below it, the connection carries the rest.</summary>
    /// <remarks>This avoids checking the credit for each message.</remarks>
    private const int LeastCredit = 64;

    /// <summary>The credit needed to take part again.</summary>
    private const int EnoughCredit = 8;

    /// <summary>The credit at which waiting for a subscriber ends: many messages then follow without another wait.</summary>
    private const int MuchCredit = 2;

    private sealed class RingSlot(BroadcastRing ring, SharedMemoryConnection peer, int place) : BroadcastSlot
    {
        private long _messages;
        private long _capacity;
        private long _acknowledged;
        private long _acknowledgedBytes;
        private long _sentBefore;
        private uint _leaves;
        private bool _isCorrupt;
        private bool _isSkipped;
        private bool _isWaitedFor;

        public override ulong Bit { get; } = 1UL << place;

        public override bool IsCorrupt => Volatile.Read(ref _isCorrupt);

        public bool HasJoined => IsTaken;

        /// <summary>Whether the subscriber can make a fence in both processes when it goes to sleep.</summary>
        public bool Fences { get; } = Volatile.Read(ref *(int*)(peer.PeerControl + RingLayout.ReceiverFencesAt)) != 0;

        public override bool IsSkipped => IsTaken && Volatile.Read(ref _isSkipped);

        public bool IsReached => IsTaken && !_isSkipped;

        public long Sent { get; set; }

        public long SentBytes { get; set; }

        public long Longest { get; private set; }

        /// <summary>The position before which the subscriber has read everything, by its latest report.</summary>
        public long Read { get; private set; }

        public long RoomMessages => _messages - (Sent - _acknowledged);

        public long RoomBytes => _capacity - (SentBytes - _acknowledgedBytes);

        /// <summary>Skips the subscriber until it has credit again, or has left and joined again. The caller changes the version.</summary>
        public void MarkSkipped() => _isSkipped = true;

        public bool HasCredit(int length) =>
            !_isCorrupt
            && length <= Longest
            && RoomMessages >= Math.Max(1, _messages / LeastCredit)
            && RoomBytes >= Math.Max(length, _capacity / LeastCredit);

        public override bool MayTake => !_isCorrupt && Volatile.Read(ref *(uint*)(peer.PeerControl + RingLayout.LeftAt)) == _leaves;

        public override void Take(in BroadcastCredit credit)
        {
            long position;
            using (ring._gate.Hold())
            {
                ring.Change();
                (_messages, _capacity, Longest) = (credit.Messages, credit.Capacity, credit.Longest);
                Sent = _sentBefore = credit.Tally.Sent;
                SentBytes = credit.Tally.SentBytes;
                _acknowledged = Sent - credit.Tally.Outstanding;
                _acknowledgedBytes = SentBytes - credit.Tally.OutstandingBytes;
                Read = position = ring._tail;
                IsTaken = true;
                _isSkipped = false;
            }

            Span<byte> body = peer.Reserve(BroadcastLayout.SitBytes);
            BinaryPrimitives.WriteInt64LittleEndian(body, position);
            body[8] = (byte)place;
            peer.Commit(new MessageHeader { Kind = BroadcastLayout.Sit, Length = BroadcastLayout.SitBytes });
        }

        public override BroadcastTally Leave(bool sendsRest)
        {
            using (ring._gate.Hold())
            {
                if (IsTaken)
                {
                    ring.Change();
                    Poll();
                    IsTaken = false;
                    _leaves++;
                    SetWaitedFor(false);
                    if (sendsRest)
                    {
                        SendRest();
                    }
                }

                return TallyNow();
            }
        }

        public override bool HasRoom(int length)
        {
            using (ring._gate.Hold())
            {
                if (IsRoomFor(length))
                {
                    return true;
                }

                // Announce before checking again. The subscriber reports its consumption before it checks for a waiting publisher.
                SetWaitedFor(true);
                Interlocked.MemoryBarrier();
                if (IsRoomFor(length))
                {
                    return true;
                }

                // A message is about to wait for this subscriber. No broadcast may overtake it, however soon there is capacity again.
                Skip();
                return false;
            }
        }

        public override bool TryResume(int length)
        {
            using (ring._gate.Hold())
            {
                if (IsReached)
                {
                    return true;
                }

                ring.EnterCounts();
                Poll();
                if (!IsTaken
                    || _isCorrupt
                    || length > Longest
                    || RoomMessages < Math.Max(1, _messages / EnoughCredit)
                    || RoomBytes < Math.Max(length, _capacity / EnoughCredit))
                {
                    return false;
                }

                ring.Change();
                SetWaitedFor(false);
                _isSkipped = false;
                return true;
            }
        }

        public override bool HasCaughtUp(int length)
        {
            using (ring._gate.Hold())
            {
                ring.EnterCounts();
                Poll();
                return !IsTaken
                    || _isCorrupt
                    || length > Longest
                    || (RoomMessages >= Math.Max(1, _messages / MuchCredit)
                        && RoomBytes >= Math.Min(_capacity, Math.Max(length, _capacity / MuchCredit)));
            }
        }

        public override bool Acknowledge(uint acknowledged)
        {
            using (ring._gate.Hold())
            {
                ring.EnterCounts();
                return TryAdvance(acknowledged);
            }
        }

        public override BroadcastTally Tally()
        {
            using (ring._gate.Hold())
            {
                ring.EnterCounts();
                Poll();
                return TallyNow();
            }
        }

        public override void Dispose()
        {
            using (ring._gate.Hold())
            {
                if (IsTaken)
                {
                    Leave(sendsRest: false);
                }

                if (ring._slots[place] == this)
                {
                    ring._slots[place] = null;
                }
            }
        }

        public void Wake() => peer.WakePeer();

        /// <summary>Reads the reports of the subscriber. Called after <see cref="EnterCounts"/>, when the sent counts are
        /// complete.</summary>
        /// <remarks>
        /// Reports older than the known counts date from before it joined. Any other impossible report marks the subscriber as corrupt.
        /// </remarks>
        public void Poll()
        {
            byte* page = peer.PeerControl;
            long read = Volatile.Read(ref *(long*)(page + RingLayout.ReadAt));
            if (read > Read)
            {
                _isCorrupt |= read > ring._tail;
                Read = _isCorrupt ? Read : read;
            }

            // Read the count before the bytes; the subscriber writes them in the reverse order. The bytes are then those of the count, or
            // of more.
            if (!TryAdvance(Volatile.Read(ref *(uint*)(page + RingLayout.ConsumedAt))))
            {
                _isCorrupt = true;
            }

            long bytes = Volatile.Read(ref *(long*)(page + RingLayout.ConsumedBytesAt));
            _isCorrupt |= bytes > SentBytes;
            if (bytes > _acknowledgedBytes && !_isCorrupt)
            {
                _acknowledgedBytes = bytes;
            }
        }

        private void Skip()
        {
            if (!_isSkipped)
            {
                ring.Change();
                _isSkipped = true;
            }
        }

        private bool IsRoomFor(int length)
        {
            ring.EnterCounts();
            Poll();

            // Two messages may always be outstanding, whatever their length.
            return !_isCorrupt && RoomMessages >= 1 && (Sent - _acknowledged < 2 || RoomBytes >= length);
        }

        private bool TryAdvance(uint acknowledged)
        {
            int more = unchecked((int)(acknowledged - (uint)_acknowledged));
            if (more > Sent - _acknowledged)
            {
                return false;
            }

            _acknowledged += Math.Max(0, more);
            return true;
        }

        private BroadcastTally TallyNow()
        {
            long outstanding = Sent - _acknowledged;
            return new BroadcastTally(Sent, SentBytes, outstanding, outstanding == 0 ? 0 : SentBytes - _acknowledgedBytes);
        }

        private void SetWaitedFor(bool isWaitedFor)
        {
            if (isWaitedFor != _isWaitedFor)
            {
                _isWaitedFor = isWaitedFor;
                ring._waiting += isWaitedFor ? 1 : -1;
                Volatile.Write(ref *(int*)(ring._control + BroadcastLayout.WaitsAt), ring._waiting);
            }
        }

        /// <summary>Tells the subscriber to leave, and sends its unread messages.</summary>
        private void SendRest()
        {
            long start = Read;
            _isCorrupt |= !ring.IsRecord(start);
            long count = 0;
            for (long at = start; at < ring._tail && !_isCorrupt;)
            {
                at += ring.RecordAt(at, out ulong audience, out _, out _);
                count += (audience & Bit) != 0 ? 1 : 0;
            }

            Span<byte> body = peer.Reserve(BroadcastLayout.LeaveBytes);
            BinaryPrimitives.WriteInt64LittleEndian(body, Sent - _sentBefore);
            BinaryPrimitives.WriteInt64LittleEndian(body[8..], count);
            peer.Commit(new MessageHeader { Kind = BroadcastLayout.Leave, Length = BroadcastLayout.LeaveBytes });
            for (long at = start; at < ring._tail && count > 0;)
            {
                at += ring.RecordAt(at, out ulong audience, out MessageHeader header, out ReadOnlySpan<byte> content);
                if ((audience & Bit) != 0)
                {
                    content.CopyTo(peer.Reserve(header.Length));
                    peer.Commit(header);
                    count--;
                }
            }
        }
    }

    /// <summary>Reads a record. Its length is trusted, because only this side can write records.</summary>
    private long RecordAt(long at, out ulong audience, out MessageHeader header, out ReadOnlySpan<byte> body)
    {
        byte* record = _data + (at & _mask);
        audience = *(ulong*)record;
        header = MessageHeader.Read(new ReadOnlySpan<byte>(record + 8, MessageHeader.Size), out _);
        body = new ReadOnlySpan<byte>(record + BroadcastLayout.RecordHead, header.Length);
        return BroadcastLayout.Whole(header.Length);
    }

    /// <summary>Returns whether an existing record begins at this position, which comes from another process.</summary>
    private bool IsRecord(long position)
    {
        if (position == _tail)
        {
            return true;
        }

        if (position < _floor || position > _tail)
        {
            return false;
        }

        long at = _firstInBlock[(position >> BlockShift) & (_firstInBlock.Length - 1)];
        if (at >> BlockShift != position >> BlockShift)
        {
            return false;
        }

        while (at < position)
        {
            at += RecordAt(at, out _, out _, out _);
        }

        return at == position;
    }
}
