namespace Fairlead.Framing;

/// <summary>Messages that end with a newline (<c>?framing=line</c>) or NUL (<c>?framing=nul</c>).</summary>
/// <remarks>When the stream ends, the data behind the last delimiter is a message, too.</remarks>
internal sealed class DelimitedFraming(byte delimiter, string name) : StreamFraming
{
    public static readonly DelimitedFraming Line = new((byte)'\n', "line");
    public static readonly DelimitedFraming Nul = new(0, "nul");

    public override int PrefixLength => 0;

    public override int SuffixLength => 1;

    public override bool TryParse(ReadOnlySpan<byte> data, ref int scanned, bool atEnd, int limit, out Frame frame)
    {
        frame = default;
        frame.Header = MessageHeader.Of(MessageKind.Send);
        int at = data[scanned..].IndexOf(delimiter);
        int length = at < 0 ? data.Length : scanned + at;
        if (length > limit)
        {
            throw TooLong(length, limit);
        }

        if (at >= 0 || (atEnd && data.Length > 0))
        {
            frame.BodyLength = length;
            frame.Total = at >= 0 ? length + 1 : length;
            frame.Header.Length = length;
            scanned = 0;
            return true;
        }

        scanned = data.Length;
        return false;
    }

    public override void Write(Span<byte> prefix, in MessageHeader header, Span<byte> suffix) => suffix[0] = delimiter;

    public override void Check(ReadOnlySpan<byte> body)
    {
        if (body.Contains(delimiter))
        {
            throw new ArgumentException(
                $"The message contains the byte {delimiter}, which ends a message under framing={name}. Send several messages, "
                    + "or use framing=length.");
        }
    }
}
