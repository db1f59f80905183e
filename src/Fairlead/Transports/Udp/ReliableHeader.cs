using System.Buffers.Binary;

namespace Fairlead.Transports.Udp;

/// <summary>The header of each datagram of a reliable session.</summary>
/// <remarks>
/// In network byte order:
/// <code>
///  0        8      12     16       24       26      27      28
///  | session | seq  | next | beyond | window | flags | zero  | bytes …
/// </code>
/// </remarks>
/// <param name="Session">
/// The session: a number that only its two ends know, which keeps other datagrams out. Never that of a <see cref="ReliableControl"/>.
/// </param>
/// <param name="Sequence">The number of the segment, from 0, modulo 2³²; in a datagram without a segment, that of the next one.</param>
/// <param name="Next">The first segment of the other side that is missing.</param>
/// <param name="Beyond">Which of the 64 segments behind it have arrived; the lowest bit is the first of them.</param>
/// <param name="Window">The number of segments from <paramref name="Next"/> that the sender of this has capacity for.</param>
/// <param name="Flags">The flags.</param>
internal readonly record struct ReliableHeader(ulong Session, uint Sequence, uint Next, ulong Beyond, ushort Window, ReliableFlags Flags)
{
    public const int Size = 28;

    public void Write(Span<byte> datagram)
    {
        BinaryPrimitives.WriteUInt64BigEndian(datagram, Session);
        BinaryPrimitives.WriteUInt32BigEndian(datagram[8..], Sequence);
        BinaryPrimitives.WriteUInt32BigEndian(datagram[12..], Next);
        BinaryPrimitives.WriteUInt64BigEndian(datagram[16..], Beyond);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[24..], Window);
        datagram[26] = (byte)Flags;
        datagram[27] = 0;
    }

    /// <summary>Parses a header. Returns false if the datagram has none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> datagram, out ReliableHeader header)
    {
        header = default;
        if (datagram.Length < Size || datagram[27] != 0 || (datagram[26] & ~(byte)(ReliableFlags.Segment | ReliableFlags.End)) != 0)
        {
            return false;
        }

        header = new ReliableHeader(
            BinaryPrimitives.ReadUInt64BigEndian(datagram),
            BinaryPrimitives.ReadUInt32BigEndian(datagram[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(datagram[12..]),
            BinaryPrimitives.ReadUInt64BigEndian(datagram[16..]),
            BinaryPrimitives.ReadUInt16BigEndian(datagram[24..]),
            (ReliableFlags)datagram[26]);
        return true;
    }
}

/// <summary>The flags of a datagram of a reliable session.</summary>
[Flags]
internal enum ReliableFlags : byte
{
    None = 0,

    /// <summary>It carries a segment, and must be acknowledged.</summary>
    Segment = 1,

    /// <summary>The segment is the last one.</summary>
    End = 2,
}
