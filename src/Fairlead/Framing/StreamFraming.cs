namespace Fairlead.Framing;

/// <summary>
/// How messages lie in a byte stream. Stateless and shared by all connections; what has been scanned already is kept by the reader, who
/// passes it in.
/// </summary>
internal abstract class StreamFraming
{
    /// <summary>Bytes in front of each message.</summary>
    public abstract int PrefixLength { get; }

    /// <summary>Bytes behind each message.</summary>
    public abstract int SuffixLength { get; }

    /// <summary>Bytes behind a message of this length.</summary>
    public virtual int SuffixFor(int bodyLength) => SuffixLength;

    /// <summary>
    /// Whether both sides speak Fairlead's protocol: handshake, header, acknowledgements. The others carry bare messages.
    /// </summary>
    public virtual bool IsFairlead => false;

    /// <summary>
    /// Looks for one frame at the start of <paramref name="data"/>.
    /// </summary>
    /// <param name="data">What has arrived and was not consumed.</param>
    /// <param name="scanned">In: how much of it an earlier call has looked through in vain. Out: the same for the next call.</param>
    /// <param name="atEnd">
    /// Whether no more bytes will come: then a delimiter may be missing. What is half a message nevertheless is no error here; the reader
    /// sees that it is left over.
    /// </param>
    /// <param name="limit">Longest message that is allowed; longer ones throw <see cref="ErrorCode.TooLarge"/>.</param>
    /// <param name="frame">
    /// The frame; when false is returned, <c>frame.Total</c> is how long it will be, or 0 where that is not known.
    /// </param>
    /// <exception cref="FairleadException">The bytes break the framing (Corrupt) or announce too much (TooLarge).</exception>
    public abstract bool TryParse(ReadOnlySpan<byte> data, ref int scanned, bool atEnd, int limit, out Frame frame);

    /// <summary>Writes what stands before and behind a message. The body lies between already.</summary>
    public abstract void Write(Span<byte> prefix, in MessageHeader header, Span<byte> suffix);

    /// <summary>Throws when this framing cannot carry such a message.</summary>
    public virtual void Check(ReadOnlySpan<byte> body)
    {
    }

    protected static FairleadException TooLong(long length, int limit) =>
        new(
            ErrorCode.TooLarge,
            $"a message of {length} bytes was announced and at most {limit} are accepted here. "
                + "Raise the limit with ?maxmessage= or the MaxMessage option, if the peer is right.");
}

/// <summary>Where one message lies in a stream's bytes.</summary>
internal struct Frame
{
    public MessageHeader Header;

    /// <summary>Where the body starts, counted from the frame's first byte.</summary>
    public int BodyStart;

    /// <summary>Bytes of the body.</summary>
    public int BodyLength;

    /// <summary>Bytes of the whole frame, 0 where it is not known yet.</summary>
    public int Total;
}
