namespace Fairlead.Framing;

/// <summary>Text in blocks of a fixed size, padded with NUL: <c>?framing=block&amp;size=1024</c>.</summary>
/// <param name="size">The size of each block in bytes.</param>
internal sealed class BlockFraming(int size) : StreamFraming
{
    /// <summary>The largest block size in bytes.</summary>
    public const int Longest = 16 * 1024 * 1024;

    public override int PrefixLength => 0;

    public override int SuffixLength => 0;

    public override int SuffixFor(int bodyLength) => size - bodyLength;

    public override bool TryParse(ReadOnlySpan<byte> data, ref int scanned, bool atEnd, int limit, out Frame frame)
    {
        frame = default;
        frame.Header = MessageHeader.Of(MessageKind.Send);
        frame.Total = size;
        if (data.Length < size)
        {
            return false;
        }

        frame.BodyLength = frame.Header.Length = data[..size].TrimEnd((byte)0).Length;
        return frame.BodyLength <= limit ? true : throw TooLong(frame.BodyLength, limit);
    }

    public override void Write(Span<byte> prefix, in MessageHeader header, Span<byte> suffix) => suffix.Clear();

    public override void Check(ReadOnlySpan<byte> body)
    {
        if (body.Length > size)
        {
            throw new ArgumentException(
                $"The message has {body.Length} bytes, but a block has {size}. Send several messages, "
                    + "or agree on a larger size= with the other end.");
        }

        if (!body.IsEmpty && body[^1] == 0)
        {
            throw new ArgumentException(
                "The message ends with a NUL byte, which is the padding under framing=block. Send text, or use framing=length.");
        }
    }
}
