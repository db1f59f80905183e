using Fairlead.Framing;

namespace Fairlead.Transports;

/// <summary>
/// What a connection has whose peer shares memory with this process: messages are written where the peer reads them, and read where they
/// lie, without a descriptor and without a system call. The link asks for it once, when it is made. Each part has one caller at a time,
/// under one lock.
/// </summary>
internal abstract class MemoryChannel
{
    /// <summary>The way down. Under the link's send lock.</summary>
    public abstract MemoryOutput Output { get; }

    /// <summary>The way up. By the pump, or under the endpoint's gate while nobody pumps.</summary>
    public abstract MemoryInput Input { get; }

    /// <summary>How a reader sleeps.</summary>
    public abstract MemorySleep Sleep { get; }

    /// <summary>What the peer writes once for many; null where this side does not read such memory.</summary>
    public abstract BroadcastInput? Broadcasts { get; }
}

/// <summary>
/// Messages that go down at once: reserve, write, commit and flush in one, behind all that was committed before. Under the link's send
/// lock. Nothing blocks.
/// </summary>
internal abstract class MemoryOutput
{
    /// <summary>
    /// Sends a whole message. False, and nothing was done, where it does not go now, or not in this way. Head and payload are copied.
    /// </summary>
    public abstract bool TrySend(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload);

    /// <summary>
    /// The same for a plain message: one of the kind that is sent, with neither a head nor flags, that acknowledges so much.
    /// </summary>
    public abstract bool TrySendPlain(uint ack, ReadOnlySpan<byte> payload);

    /// <summary>
    /// Whether a flush or a sending has woken the peer since this was asked last: then this processor may be the one that it was put on.
    /// Any thread.
    /// </summary>
    public abstract bool TakeHasWoken();

    /// <summary>
    /// Memory for a body of at most this length where the peer will read it, valid until <see cref="EndLoan"/>; false where there is none
    /// now. What is committed meanwhile goes before it. One at a time.
    /// </summary>
    public abstract bool TryLoan(int bodyLength, out Memory<byte> body);

    /// <summary>
    /// Whether the loan can be committed: else something was committed since it was made, and its content has to be copied behind that.
    /// </summary>
    public abstract bool HoldsLoan { get; }

    /// <summary>Publishes what was written into a loan that it holds, as <see cref="Connection.Commit"/> does, and ends the loan.</summary>
    public abstract void CommitLoan(in MessageHeader header);

    /// <summary>
    /// Gives the loan back; what was not committed is as if it had never been. Harmless the second time, and after
    /// <see cref="Connection.Dispose"/>.
    /// </summary>
    public abstract void EndLoan();
}

/// <summary>
/// Messages that are taken where they lie. What is wrong with one is not said here: it is only not there, and <see cref="Connection.Fill"/>
/// and <see cref="Connection.TryTake"/> go on with it, and say it. By the pump, or under the endpoint's gate while nobody pumps. Nothing
/// blocks.
/// </summary>
internal abstract class MemoryInput
{
    /// <summary>Whether all that was seen has been taken: the next look goes to what the peer writes.</summary>
    public abstract bool IsDrained { get; }

    /// <summary>
    /// The next message, if it lies there whole, of any kind. It stays the next until <see cref="TryPass"/> or <see cref="Lend"/>; the
    /// memory is the peer's, who may still write to it, and is copied before it is judged.
    /// </summary>
    public abstract bool TryPeek(out MessageHeader header, out ReadOnlySpan<byte> body);

    /// <summary>
    /// As <see cref="TryPeek"/>, for a plain message (<see cref="MemoryOutput.TrySendPlain"/>) that is not worth lending. False where
    /// another lies next, or nothing.
    /// </summary>
    /// <param name="looks">Whether to look at what the peer has published since all that was seen has been taken.</param>
    /// <param name="ack">What it acknowledges.</param>
    /// <param name="body">Where it lies.</param>
    public abstract bool TryPeekPlain(bool looks, out uint ack, out ReadOnlySpan<byte> body);

    /// <summary>Whether a message that was peeked at is so long that it costs less to lend than to copy.</summary>
    public abstract bool IsWorthLending(int bodyLength);

    /// <summary>Lends the message that was peeked at, and goes on behind it. Its taker releases it once, from any thread.</summary>
    public abstract Incoming Lend(in MessageHeader header, int bodyLength);

    /// <summary>Goes on behind the message that was peeked at; what was copied is the caller's.</summary>
    /// <returns>False when the peer has written over it meanwhile, in memory that it shares with others (<see cref="BroadcastInput"/>):
    /// what was copied may be anything.</returns>
    public abstract bool TryPass(int bodyLength);
}

/// <summary>Messages that the peer writes once for many readers, in memory that all of them read.</summary>
internal abstract class BroadcastInput
{
    /// <summary>Whether they come there now; else through the connection. Any thread.</summary>
    public abstract bool IsSitting { get; }

    /// <summary>
    /// Takes the next message, if it was seen already, was published without flags, has this head, acknowledges so much, and fits: a copy
    /// of head and payload. False, and nothing was done but that something may have been written into the memory, where another lies next,
    /// or it has been written over. As <see cref="MemoryInput"/>.
    /// </summary>
    public abstract bool TryTakePublished(ReadOnlySpan<byte> head, uint ack, Span<byte> into, out int length);

    /// <summary>
    /// Says what this side's user has consumed, in memory, where the peer looks for itself; false where it is to be told by an
    /// acknowledgement. By any thread under the send lock.
    /// </summary>
    /// <param name="messages">From the beginning of the connection, modulo 2³².</param>
    /// <param name="bytes">Of all of them.</param>
    public abstract bool TellConsumed(uint messages, long bytes);

    /// <summary>Whether the peer has stopped looking since this was asked last: then it is to be told. By the pump.</summary>
    public abstract bool TakeIsToBeTold();
}
