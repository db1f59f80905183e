namespace Fairlead.Framing;

/// <summary>Text in blocks of a fixed size, padded with NUL: <c>?framing=block&amp;size=1024</c>.</summary>
/// <param name="size">The size of each block in bytes.</param>
/// <param name="untilNul">
/// Whether the text ends at the first NUL, as in C programs (<c>&amp;until=nul</c>). They send their whole buffer, and the bytes
/// after the NUL are left over from earlier texts.
/// </param>
internal sealed class BlockFraming(int size, bool untilNul = false) : StreamFraming
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

        frame.BodyLength = frame.Header.Length = LengthOf(data[..size]);
        return frame.BodyLength <= limit ? true : throw TooLong(frame.BodyLength, limit);
    }

    public override void Write(Span<byte> prefix, in MessageHeader header, Span<byte> suffix) => suffix.Clear();

    public override void Check(ReadOnlySpan<byte> body)
    {
        if (untilNul)
        {
            CheckText(body);
            return;
        }

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

    /// <summary>Returns the length of a block's text. A block without a NUL is all text, as <c>strncpy</c> leaves it.</summary>
    private int LengthOf(ReadOnlySpan<byte> block)
    {
        if (!untilNul)
        {
            return block.TrimEnd((byte)0).Length;
        }

        int nul = block.IndexOf((byte)0);
        return nul < 0 ? block.Length : nul;
    }

    private void CheckText(ReadOnlySpan<byte> body)
    {
        if (body.Contains((byte)0))
        {
            throw new ArgumentException(
                "The message contains a NUL byte, which ends a message under until=nul. Send text, or use framing=length.");
        }

        if (body.Length >= size)
        {
            throw new FairleadException(
                ErrorCode.TooLarge,
                $"a message of {body.Length} bytes and its NUL do not fit into a block of {size}",
                "Send it in pieces, or agree on a larger size= with the other end.");
        }
    }
}
