using System.Buffers.Binary;

namespace Fairlead.Framing;

/// <summary>Messages with a length prefix of four bytes in network byte order: <c>?framing=length</c>.</summary>
internal sealed class LengthFraming : StreamFraming
{
    public static readonly LengthFraming Instance = new();

    public override int PrefixLength => 4;

    public override int SuffixLength => 0;

    public override bool TryParse(ReadOnlySpan<byte> data, ref int scanned, bool atEnd, int limit, out Frame frame)
    {
        frame = default;
        frame.Header = MessageHeader.Of(MessageKind.Send);
        if (data.Length >= 4)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(data);
            if (length > (uint)limit)
            {
                throw TooLong(length, limit);
            }

            frame.BodyStart = 4;
            frame.BodyLength = (int)length;
            frame.Total = checked(4 + (int)length);
            frame.Header.Length = (int)length;
            return data.Length >= frame.Total;
        }

        return false;
    }

    public override void Write(Span<byte> prefix, in MessageHeader header, Span<byte> suffix) =>
        BinaryPrimitives.WriteUInt32BigEndian(prefix, (uint)header.Length);
}
