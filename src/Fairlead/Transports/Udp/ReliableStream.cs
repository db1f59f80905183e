using System.Numerics;

namespace Fairlead.Transports.Udp;

/// <summary>A byte stream in both directions over datagrams that get lost, duplicated or reordered. Not thread-safe.</summary>
/// <remarks>
/// It uses sequence numbers, acknowledgements, repetition with back-off, and windows. It is a state machine without sockets, clocks and
/// threads. The caller passes in received datagrams and the time, and asks what to send and when.
/// </remarks>
internal sealed partial class ReliableStream : IDisposable
{
    /// <summary>The number of segments behind the first missing one that are acknowledged separately.</summary>
    private const int Reach = 64;

    private readonly ulong _session;
    private readonly int _segmentBytes;
    private readonly int _window;
    private readonly uint _mask;

    /// <param name="session">The number agreed on by both ends.</param>
    /// <param name="segmentBytes">The size of a segment in bytes, at most <see cref="SegmentBuffers.Local"/>.</param>
    /// <param name="windowSegments">The most segments that are unread or unacknowledged here; at most 65,535.</param>
    /// <param name="peerWindow">The most unread segments of the other end, if known; every datagram updates it.</param>
    public ReliableStream(ulong session, int segmentBytes = SegmentBuffers.Ordinary, int windowSegments = 256, int? peerWindow = null)
    {
        _session = session;
        _segmentBytes = segmentBytes;
        _window = windowSegments;
        _peerLimit = (uint)(peerWindow ?? windowSegments);
        _toldLimit = (uint)windowSegments;
        _congestion = new CongestionWindow(windowSegments);
        uint room = BitOperations.RoundUpToPowerOf2((uint)windowSegments);
        _mask = room - 1;
        _out = new OutSegment[room];
        _in = new InSegment[room];
    }

    /// <summary>The number of datagrams that did not belong to this session or were invalid.</summary>
    public int Foreign { get; private set; }

    /// <summary>The length of the longest datagram.</summary>
    public int DatagramBytes => ReliableHeader.Size + _segmentBytes;

    /// <summary>Handles a datagram. Returns false if it does not belong to this session.</summary>
    public bool Receive(ReadOnlySpan<byte> datagram, TimeSpan now)
    {
        // An acknowledgement of more than was sent is forged, and so is a segment without its flag.
        bool isOurs = ReliableHeader.TryRead(datagram, out ReliableHeader header)
            && header.Session == _session
            && datagram.Length - ReliableHeader.Size <= _segmentBytes
            && (int)(header.Next - _unsent) <= 0
            && ((header.Flags & ReliableFlags.Segment) != 0 || datagram.Length == ReliableHeader.Size);
        if (!isOurs)
        {
            Foreign++;
            return false;
        }

        OnAcknowledged(header, now);
        if ((header.Flags & ReliableFlags.Segment) != 0)
        {
            OnSegment(header, datagram[ReliableHeader.Size..], now);
        }

        return true;
    }

    /// <summary>Returns the memory to the pool.</summary>
    public void Dispose()
    {
        ReleaseSent();
        Discard();
        for (uint sequence = _expected; sequence != _expected + _mask + 1; sequence++)
        {
            ReleaseReceived(sequence);
        }
    }

    private int Pack(Span<byte> datagram, uint sequence, ReliableFlags flags, ReadOnlySpan<byte> bytes)
    {
        _acknowledgeAt = null;
        _unacknowledged = 0;
        _toldLimit = _expected + (uint)FreeSegments;
        new ReliableHeader(_session, sequence, _expected, Beyond(), (ushort)FreeSegments, flags).Write(datagram);
        bytes.CopyTo(datagram[ReliableHeader.Size..]);
        return ReliableHeader.Size + bytes.Length;
    }
}
