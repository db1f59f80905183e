namespace Fairlead.Framing;

/// <summary>No framing (<c>?framing=none</c>): each read returns one message.</summary>
/// <remarks>On a byte stream the boundaries mean nothing; on packets they are those of the packets.</remarks>
internal sealed class RawFraming : StreamFraming
{
    public static readonly RawFraming Instance = new();

    public override int PrefixLength => 0;

    public override int SuffixLength => 0;

    public override bool TryParse(ReadOnlySpan<byte> data, ref int scanned, bool atEnd, int limit, out Frame frame)
    {
        frame = default;
        frame.Header = MessageHeader.Of(MessageKind.Send);
        frame.BodyLength = frame.Total = frame.Header.Length = Math.Min(data.Length, limit);
        return data.Length > 0;
    }

    public override void Write(Span<byte> prefix, in MessageHeader header, Span<byte> suffix)
    {
    }

    public override void Check(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty)
        {
            throw new ArgumentException(
                "An empty message cannot be sent under framing=none: "
                    + "a byte stream cannot represent it, and as a packet it would mean the end.");
        }
    }
}
