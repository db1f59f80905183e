using System.Buffers.Binary;

namespace Fairlead.Framing;

/// <summary>Fairlead's header for one-way transports, whose stream foreign programs may also write to.</summary>
/// <remarks>
/// Id and acknowledgement have no meaning there and contain a check value. It identifies a message among other bytes. See
/// docs/wire-format.md.
/// </remarks>
internal sealed class SimplexFraming : StreamFraming
{
    public static readonly SimplexFraming Instance = new();

    /// <summary>Kind 1 (send), no flags, no head, and the id, which spells <c>FAIR</c>.</summary>
    private const ulong Mark = 0x01_00_0000_46414952;

    private const uint Seal = 0x4C454144;

    public override int PrefixLength => MessageHeader.Size;

    public override int SuffixLength => 0;

    /// <summary>Finds a frame. Returns other bytes as a message of kind <see cref="MessageKind.Dropped"/> without a body.</summary>
    /// <inheritdoc/>
    public override bool TryParse(ReadOnlySpan<byte> data, ref int scanned, bool atEnd, int limit, out Frame frame)
    {
        frame = default;
        int foreign = 0;
        while (data.Length - foreign >= MessageHeader.Size && !IsHeader(data[foreign..], limit))
        {
            foreign++;
        }

        if (foreign > 0)
        {
            // The last bytes, fewer than a header, may be the beginning of one.
            frame.Header = MessageHeader.Of(MessageKind.Dropped);
            frame.Total = foreign;
            return true;
        }

        if (data.Length < MessageHeader.Size)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadInt32BigEndian(data);
        frame.Header = MessageHeader.Of(MessageKind.Send);
        frame.Header.Length = length;
        frame.BodyStart = MessageHeader.Size;
        frame.BodyLength = length;
        frame.Total = MessageHeader.Size + length;
        return data.Length >= frame.Total;
    }

    public override void Write(Span<byte> prefix, in MessageHeader header, Span<byte> suffix)
    {
        BinaryPrimitives.WriteUInt32BigEndian(prefix, (uint)header.Length);
        BinaryPrimitives.WriteUInt64BigEndian(prefix[4..], Mark);
        BinaryPrimitives.WriteUInt32BigEndian(prefix[12..], (uint)header.Length ^ Seal);
    }

    private static bool IsHeader(ReadOnlySpan<byte> data, int limit)
    {
        uint length = BinaryPrimitives.ReadUInt32BigEndian(data);
        return BinaryPrimitives.ReadUInt64BigEndian(data[4..]) == Mark
            && BinaryPrimitives.ReadUInt32BigEndian(data[12..]) == (length ^ Seal)
            && length <= (uint)limit;
    }
}
