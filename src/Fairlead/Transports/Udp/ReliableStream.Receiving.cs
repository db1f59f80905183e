namespace Fairlead.Transports.Udp;

/// <content>Receiving: segments are kept until all earlier ones have arrived and they have been read.</content>
internal sealed partial class ReliableStream
{
    /// <summary>How long the acknowledgement of a single segment is delayed, because outgoing data usually carries it.</summary>
    private static readonly TimeSpan AcknowledgeWithin = TimeSpan.FromMilliseconds(5);

    private readonly InSegment[] _in;
    private uint _readFrom;
    private int _readOfFirst;
    private uint _expected;
    private int _early;
    private bool _hasEnd;
    private bool _discards;
    private TimeSpan? _acknowledgeAt;
    private int _unacknowledged;
    private uint _toldLimit;

    /// <summary>The number of segments that contained nothing new.</summary>
    public int Repeated { get; private set; }

    /// <summary>Whether there is data to read.</summary>
    public bool HasUnread => _readFrom != _expected;

    /// <summary>Whether the other end has ended, and all its data has been read.</summary>
    public bool HasEnded => _hasEnd && !HasUnread;

    /// <summary>The number of segments from the first missing one that there is capacity for.</summary>
    private int FreeSegments => _window - (int)(_expected - _readFrom);

    /// <summary>Reads arrived data in order.</summary>
    public int Read(Span<byte> buffer)
    {
        int read = 0;
        while (read < buffer.Length && HasUnread)
        {
            ref InSegment first = ref _in[_readFrom & _mask];
            int part = Math.Min(first.Length - _readOfFirst, buffer.Length - read);
            first.Bytes.AsSpan(_readOfFirst, part).CopyTo(buffer[read..]);
            read += part;
            _readOfFirst += part;
            if (_readOfFirst == first.Length)
            {
                Pass();
            }
        }

        // Segments without bytes: the end is one.
        while (HasUnread && _in[_readFrom & _mask].Length == 0)
        {
            Pass();
        }

        if (_expected + (uint)FreeSegments - _toldLimit >= _window / 2)
        {
            // The peer was told of little capacity, and waits to learn of more.
            _acknowledgeAt = TimeSpan.Zero;
        }

        return read;
    }

    /// <summary>Stops reading: arrived and future data is acknowledged and discarded.</summary>
    public void Discard()
    {
        _discards = true;
        while (HasUnread)
        {
            Pass();
        }
    }

    private void Pass()
    {
        ReleaseReceived(_readFrom++);
        _readOfFirst = 0;
    }

    private void OnSegment(in ReliableHeader header, ReadOnlySpan<byte> bytes, TimeSpan now)
    {
        int ahead = (int)(header.Sequence - _expected);
        ref InSegment segment = ref _in[header.Sequence & _mask];
        if (ahead < 0 || _hasEnd || (ahead < FreeSegments && segment.IsHere))
        {
            Repeated++;
            _acknowledgeAt = now;
            return;
        }

        if (ahead >= FreeSegments)
        {
            // The peer asks whether there is capacity.
            _acknowledgeAt = now;
            return;
        }

        segment = new InSegment
        {
            IsHere = true,
            Length = bytes.Length,
            IsEnd = (header.Flags & ReliableFlags.End) != 0,
            Bytes = bytes.IsEmpty ? null : SegmentBuffers.Rent(_segmentBytes),
        };
        bytes.CopyTo(segment.Bytes);
        if (ahead > 0)
        {
            _early++;
        }
        else
        {
            Advance();
        }

        bool isUrgent = _early > 0 || _hasEnd || ++_unacknowledged > 1;
        _acknowledgeAt = isUrgent ? now : _acknowledgeAt ?? now + AcknowledgeWithin;
        if (_discards)
        {
            Discard();
        }
    }

    /// <summary>Advances past the missing segment, which has arrived, and those behind it.</summary>
    private void Advance()
    {
        do
        {
            _hasEnd |= _in[_expected & _mask].IsEnd;
            _expected++;
            if (FreeSegments == 0 || !_in[_expected & _mask].IsHere)
            {
                return;
            }

            _early--;
        }
        while (!_hasEnd);
    }

    private ulong Beyond()
    {
        ulong beyond = 0;
        for (int i = 0; _early > 0 && i < Math.Min(Reach, FreeSegments - 1); i++)
        {
            beyond |= _in[(_expected + 1 + (uint)i) & _mask].IsHere ? 1UL << i : 0;
        }

        return beyond;
    }

    private void ReleaseReceived(uint sequence)
    {
        ref InSegment segment = ref _in[sequence & _mask];
        if (segment.Bytes is { } bytes)
        {
            SegmentBuffers.Return(bytes);
        }

        segment = default;
    }

    private struct InSegment
    {
        public bool IsHere;
        public bool IsEnd;
        public int Length;
        public byte[]? Bytes;
    }
}
