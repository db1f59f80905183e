using System.Numerics;

namespace Fairlead.Transports.Udp;

/// <summary>
/// A stream of bytes in both directions over datagrams that get lost, come twice, or in another order: numbers, acknowledgements,
/// repetition with back-off, windows. A state machine without sockets, clocks and threads: it is told what has come and what time it is,
/// and asked what is to be sent and when. Not thread-safe.
/// </summary>
internal sealed partial class ReliableStream : IDisposable
{
    /// <summary>Segments that are acknowledged apart, behind the first that is missing.</summary>
    private const int Reach = 64;

    private readonly ulong _session;
    private readonly int _segmentBytes;
    private readonly int _window;
    private readonly uint _mask;

    /// <param name="session">The number that both ends have agreed on.</param>
    /// <param name="segmentBytes">Bytes of a segment, at most <see cref="SegmentBuffers.Local"/>.</param>
    /// <param name="windowSegments">Segments that may lie here unread, or wait here to be acknowledged; at most 65,535.</param>
    /// <param name="peerWindow">How many the other end takes unread, as far as it is known; it says so again and again.</param>
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

    /// <summary>Datagrams that were none of this session, or made no sense.</summary>
    public int Foreign { get; private set; }

    /// <summary>The longest datagram.</summary>
    public int DatagramBytes => ReliableHeader.Size + _segmentBytes;

    /// <summary>A datagram has come; false when it is none of this session.</summary>
    public bool Receive(ReadOnlySpan<byte> datagram, TimeSpan now)
    {
        // What acknowledges more than was sent is forged, and so is a segment where there can be none.
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

    /// <summary>Gives the memory back.</summary>
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
