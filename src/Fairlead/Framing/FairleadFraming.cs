namespace Fairlead.Framing;

/// <summary>Fairlead's own framing: the 16-byte header, then the body. See docs/wire-format.md.</summary>
internal sealed class FairleadFraming : StreamFraming
{
    public static readonly FairleadFraming Instance = new();

    public override int PrefixLength => MessageHeader.Size;

    public override int SuffixLength => 0;

    public override bool IsFairlead => true;

    public override bool TryParse(ReadOnlySpan<byte> data, ref int scanned, bool atEnd, int limit, out Frame frame)
    {
        frame = default;
        if (data.Length < MessageHeader.Size)
        {
            return false;
        }

        frame.Header = MessageHeader.Read(data, out uint length);
        if (length > (uint)limit)
        {
            throw TooLong(length, limit);
        }

        if (frame.Header.HeadLength > length)
        {
            throw new FairleadException(
                ErrorCode.Corrupt,
                "a frame's head is longer than the frame. The peer does not speak Fairlead's protocol, "
                    + "or its bytes were altered on the way.");
        }

        frame.BodyStart = MessageHeader.Size;
        frame.BodyLength = (int)length;
        frame.Total = checked(MessageHeader.Size + (int)length);
        return data.Length >= frame.Total;
    }

    public override void Write(Span<byte> prefix, in MessageHeader header, Span<byte> suffix) => header.Write(prefix);
}
