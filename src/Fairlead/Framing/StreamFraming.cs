namespace Fairlead.Framing;

/// <summary>The layout of messages in a byte stream.</summary>
/// <remarks>Stateless and shared by all connections. The reader keeps how much it has scanned, and passes it in.</remarks>
internal abstract class StreamFraming
{
    /// <summary>The bytes in front of each message.</summary>
    public abstract int PrefixLength { get; }

    /// <summary>The bytes behind each message.</summary>
    public abstract int SuffixLength { get; }

    /// <summary>Returns the bytes behind a message of this length.</summary>
    public virtual int SuffixFor(int bodyLength) => SuffixLength;

    /// <summary>Whether both sides speak Fairlead's protocol: handshake, header, acknowledgements. Other framings carry raw
    /// messages.</summary>
    public virtual bool IsFairlead => false;

    /// <summary>Looks for one frame at the start of <paramref name="data"/>.</summary>
    /// <param name="data">Data that has arrived and was not consumed.</param>
    /// <param name="scanned">In: how much of the data an earlier call has scanned. Out: the same for the next call.</param>
    /// <param name="atEnd">
    /// Whether no more bytes will come: the delimiter may then be missing. An incomplete message is not an error here; the reader sees that
    /// it is left over.
    /// </param>
    /// <param name="limit">The longest allowed message; longer ones throw <see cref="ErrorCode.TooLarge"/>.</param>
    /// <param name="frame">
    /// The frame. If the result is false, <c>frame.Total</c> is its expected length, or 0 if that is unknown.
    /// </param>
    /// <exception cref="FairleadException">The bytes violate the framing (Corrupt) or announce too long a message (TooLarge).</exception>
    public abstract bool TryParse(ReadOnlySpan<byte> data, ref int scanned, bool atEnd, int limit, out Frame frame);

    /// <summary>Writes the prefix and suffix of a message, whose body is already between them.</summary>
    public abstract void Write(Span<byte> prefix, in MessageHeader header, Span<byte> suffix);

    /// <summary>Throws if this framing cannot carry such a message.</summary>
    public virtual void Check(ReadOnlySpan<byte> body)
    {
    }

    protected static FairleadException TooLong(long length, int limit) =>
        new(
            ErrorCode.TooLarge,
            $"the peer announced a message of {length} bytes, but at most {limit} are accepted here. "
                + "If the length is right, raise the limit with ?maxmessage= or the MaxMessageBytes option.");
}

/// <summary>The position of one message in the bytes of a stream.</summary>
internal struct Frame
{
    public MessageHeader Header;

    /// <summary>The start of the body, counted from the frame's first byte.</summary>
    public int BodyStart;

    /// <summary>The length of the body in bytes.</summary>
    public int BodyLength;

    /// <summary>The length of the whole frame in bytes, 0 if unknown.</summary>
    public int Total;
}
