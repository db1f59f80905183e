using System.Buffers.Binary;

namespace Fairlead.Transports.Udp;

/// <summary>
/// What stands before the bytes of each datagram of a reliable session, in network byte order:
/// <code>
///  0        8      12     16       24       26      27      28
///  | session | seq  | next | beyond | window | flags | zero  | bytes …
/// </code>
/// </summary>
/// <param name="Session">
/// Which session: a number that only its two ends know, so that no other datagram is taken for one of it. Never that of a
/// <see cref="ReliableControl"/>.
/// </param>
/// <param name="Sequence">The number of the segment, from 0 on, modulo 2³²; of a datagram without a segment, that of the next one.</param>
/// <param name="Next">The first segment of the other side that has not come.</param>
/// <param name="Beyond">Which of the 64 behind that have come: the lowest bit stands for the first of them.</param>
/// <param name="Window">How many segments from <paramref name="Next"/> on the sender of this has room for.</param>
/// <param name="Flags">What else it says.</param>
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

    /// <summary>False for what is none.</summary>
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

/// <summary>Marks of a datagram of a reliable session.</summary>
[Flags]
internal enum ReliableFlags : byte
{
    None = 0,

    /// <summary>It carries a segment, and is to be acknowledged.</summary>
    Segment = 1,

    /// <summary>The segment is the last one.</summary>
    End = 2,
}
