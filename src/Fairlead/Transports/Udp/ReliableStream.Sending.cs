namespace Fairlead.Transports.Udp;

/// <content>Sending: segments are kept until acknowledged, and sent again when they seem lost.</content>
internal sealed partial class ReliableStream
{
    /// <summary>The number of later segments that must arrive before a segment counts as lost.</summary>
    private const int OvertakenBy = 3;

    /// <summary>The number of segments in flight from which a partly filled one waits for more data.</summary>
    /// <remarks>It waits briefly, or until an acknowledgement, which comes immediately for every second segment.</remarks>
    private const int EnoughUnderWay = 2;
    private static readonly TimeSpan HoldAtMost = TimeSpan.FromMilliseconds(1);

    private readonly OutSegment[] _out;
    private readonly CongestionWindow _congestion;
    private readonly RoundTrip _roundTrip = new();
    private byte[]? _filling;
    private int _filled;

    // The oldest unacknowledged segment, the first unsent one, and the number of the next one to create.
    private uint _oldest;
    private uint _unsent;
    private uint _next;
    private uint _peerLimit;
    private int _underWay;
    private int _lost;
    private TimeSpan _dueHint = TimeSpan.MaxValue;
    private TimeSpan? _askAt;
    private TimeSpan? _heldUntil;
    private TimeSpan _newestArrived = TimeSpan.FromDays(-1);
    private uint _recoveredAt;
    private bool _endsAfter;
    private bool _isEndQueued;

    /// <summary>Whether everything written has arrived, including the end if there is one.</summary>
    public bool IsAcknowledged => _oldest == _next && _filled == 0 && (!_endsAfter || _isEndQueued);

    /// <summary>Whether a large amount can be written immediately.</summary>
    public bool HasRoom => _next - _oldest <= _window / 2;

    /// <summary>How often the oldest segment was sent without an answer.</summary>
    public int Attempts => _oldest == _unsent ? 0 : _out[_oldest & _mask].Attempts;

    /// <summary>When to send if nothing arrives before; null means never.</summary>
    public TimeSpan? NextDue
    {
        get
        {
            TimeSpan due = _underWay > 0 ? _dueHint : TimeSpan.MaxValue;
            due = _acknowledgeAt is { } acknowledge && acknowledge < due ? acknowledge : due;
            due = _askAt is { } ask && ask < due ? ask : due;
            due = _heldUntil is { } held && held < due ? held : due;
            return due == TimeSpan.MaxValue ? null : due;
        }
    }

    /// <summary>Takes as many bytes to send as there is capacity for.</summary>
    public int Write(ReadOnlySpan<byte> bytes)
    {
        int taken = 0;
        while (taken < bytes.Length && !_endsAfter)
        {
            if (_filled == _segmentBytes && !TrySeal(isEnd: false))
            {
                break;
            }

            _filling ??= SegmentBuffers.Rent(_segmentBytes);
            int part = Math.Min(bytes.Length - taken, _segmentBytes - _filled);
            bytes.Slice(taken, part).CopyTo(_filling.AsSpan(_filled));
            _filled += part;
            taken += part;
        }

        return taken;
    }

    /// <summary>Notes that nothing more will be written.</summary>
    public void End() => _endsAfter = true;

    /// <summary>Writes the next due datagram, if there is one.</summary>
    public bool TrySend(TimeSpan now, Span<byte> datagram, out int length)
    {
        if (now >= _dueHint)
        {
            Expire(now);
        }

        if (_underWay < _congestion.Segments && (TryResend(now, datagram, out length) || TrySendNew(now, datagram, out length)))
        {
            return true;
        }

        length = 0;
        if (_acknowledgeAt is not { } due || now < due)
        {
            return false;
        }

        length = Pack(datagram, _unsent, ReliableFlags.None, default);
        return true;
    }

    private bool TrySeal(bool isEnd)
    {
        if (_next - _oldest >= _window)
        {
            return false;
        }

        _out[_next++ & _mask] = new OutSegment { Bytes = _filling, Length = _filled, IsEnd = isEnd };
        _isEndQueued |= isEnd;
        _filling = null;
        _filled = 0;
        _heldUntil = null;
        return true;
    }

    private bool TryResend(TimeSpan now, Span<byte> datagram, out int length)
    {
        length = 0;
        for (uint sequence = _oldest; _lost > 0 && sequence != _unsent; sequence++)
        {
            if (_out[sequence & _mask].State == SegmentState.Lost)
            {
                _lost--;
                length = Send(sequence, now, datagram);
                return true;
            }
        }

        return false;
    }

    private bool TrySendNew(TimeSpan now, Span<byte> datagram, out int length)
    {
        length = 0;
        if (_unsent == _next && ((_filled == 0 && (!_endsAfter || _isEndQueued)) || IsHeld(now) || !TrySeal(isEnd: _endsAfter)))
        {
            return false;
        }

        if ((int)(_unsent - _peerLimit) >= 0)
        {
            // The peer has no capacity. When everything else is acknowledged, one segment is sent now and then, which asks for the current
            // capacity.
            if (_underWay > 0 || _lost > 0)
            {
                return false;
            }

            _askAt ??= now + _roundTrip.Timeout;
            if (now < _askAt)
            {
                return false;
            }
        }

        _askAt = null;
        length = Send(_unsent++, now, datagram);
        return true;
    }

    /// <summary>Returns whether data waits for more, because sending each small piece alone would wake the other end each time.</summary>
    private bool IsHeld(TimeSpan now)
    {
        if (_underWay < EnoughUnderWay || _endsAfter || _filled == _segmentBytes)
        {
            return false;
        }

        _heldUntil ??= now + HoldAtMost;
        return now < _heldUntil;
    }

    private int Send(uint sequence, TimeSpan now, Span<byte> datagram)
    {
        ref OutSegment segment = ref _out[sequence & _mask];
        segment.State = SegmentState.UnderWay;
        segment.Attempts++;
        segment.SentAt = now;
        segment.Due = now + _roundTrip.Timeout;
        _dueHint = _underWay++ == 0 || segment.Due < _dueHint ? segment.Due : _dueHint;
        return Pack(
            datagram,
            sequence,
            ReliableFlags.Segment | (segment.IsEnd ? ReliableFlags.End : ReliableFlags.None),
            segment.Bytes.AsSpan(0, segment.Length));
    }

    /// <summary>Marks segments as lost that were not answered in time.</summary>
    private void Expire(TimeSpan now)
    {
        _dueHint = TimeSpan.MaxValue;
        bool hasExpired = false;
        for (uint sequence = _oldest; sequence != _unsent; sequence++)
        {
            ref OutSegment segment = ref _out[sequence & _mask];
            if (segment.State != SegmentState.UnderWay)
            {
                continue;
            }

            if (segment.Due > now)
            {
                _dueHint = segment.Due < _dueHint ? segment.Due : _dueHint;
                continue;
            }

            hasExpired = true;
            Lose(ref segment);
        }

        if (hasExpired)
        {
            _roundTrip.BackOff();
            _congestion.OnSilence();
            _recoveredAt = _unsent;
        }
    }

    private void Lose(ref OutSegment segment)
    {
        segment.State = SegmentState.Lost;
        _lost++;
        _underWay--;
    }

    private void OnAcknowledged(in ReliableHeader header, TimeSpan now)
    {
        if ((int)(header.Next - _oldest) < 0)
        {
            // A later one has overtaken it.
            return;
        }

        if ((int)(header.Next + header.Window - _peerLimit) > 0)
        {
            _peerLimit = header.Next + header.Window;
            _askAt = null;
        }

        int arrived = 0;
        bool wasFull = _underWay >= _congestion.Segments;
        while (_oldest != header.Next)
        {
            ref OutSegment segment = ref _out[_oldest++ & _mask];
            arrived += Arrive(ref segment, now);
            if (segment.Bytes is { } bytes)
            {
                SegmentBuffers.Return(bytes);
            }

            segment = default;
        }

        uint highest = header.Next;
        for (int i = 0; header.Beyond >> i != 0 && (int)(header.Next + 1 + (uint)i - _unsent) < 0; i++)
        {
            if ((header.Beyond & (1UL << i)) != 0)
            {
                highest = header.Next + 1 + (uint)i;
                arrived += Arrive(ref _out[highest & _mask], now);
            }

            if (i == Reach - 1)
            {
                break;
            }
        }

        if (arrived > 0)
        {
            _roundTrip.OnProgress();
            if (wasFull)
            {
                _congestion.OnArrived(arrived);
            }

            FindLost(header.Next, highest, now);
        }
    }

    /// <summary>Marks a segment as arrived. Returns 1 if that was not known, or else 0.</summary>
    private int Arrive(ref OutSegment segment, TimeSpan now)
    {
        if (segment.State == SegmentState.Arrived)
        {
            return 0;
        }

        if (segment.State == SegmentState.UnderWay)
        {
            _underWay--;
        }
        else
        {
            _lost--;
        }

        segment.State = SegmentState.Arrived;
        if (segment.Attempts == 1)
        {
            _roundTrip.Measure(now - segment.SentAt);
        }

        // An answer faster than any measured one was for an earlier attempt.
        _newestArrived = segment.SentAt > _newestArrived && now - segment.SentAt >= _roundTrip.Least ? segment.SentAt : _newestArrived;
        return 1;
    }

    /// <summary>Marks segments as lost that later ones have overtaken, or that were sent well before one that arrived.</summary>
    private void FindLost(uint from, uint highest, TimeSpan now)
    {
        int overtaking = 0;
        bool hasLost = false;
        TimeSpan before = _newestArrived - (_roundTrip.Smoothed / 4) - TimeSpan.FromMilliseconds(1);
        for (uint sequence = highest; sequence + 1 != from; sequence--)
        {
            if (sequence == _unsent)
            {
                continue;
            }

            ref OutSegment segment = ref _out[sequence & _mask];
            if (segment.State == SegmentState.Arrived)
            {
                overtaking++;
            }
            else if (segment.State == SegmentState.UnderWay
                && ((overtaking >= OvertakenBy && segment.Attempts == 1) || segment.SentAt < before))
            {
                Lose(ref segment);
                hasLost |= (int)(sequence - _recoveredAt) >= 0;
            }
        }

        if (hasLost)
        {
            // Once for all segments that were in flight together.
            _congestion.OnLost();
            _recoveredAt = _unsent;
        }
    }

    private void ReleaseSent()
    {
        for (; _oldest != _next; _oldest++)
        {
            if (_out[_oldest & _mask].Bytes is { } bytes)
            {
                SegmentBuffers.Return(bytes);
            }
        }

        if (_filling is not null)
        {
            SegmentBuffers.Return(_filling);
            _filling = null;
        }
    }

    private enum SegmentState : byte
    {
        /// <summary>Not sent yet.</summary>
        Waiting,
        UnderWay,
        Lost,

        /// <summary>Arrived, but not all those before it.</summary>
        Arrived,
    }

    private struct OutSegment
    {
        public SegmentState State;
        public bool IsEnd;
        public int Length;
        public int Attempts;
        public byte[]? Bytes;
        public TimeSpan SentAt;
        public TimeSpan Due;
    }
}
