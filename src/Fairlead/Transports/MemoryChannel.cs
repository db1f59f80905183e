using Fairlead.Framing;

namespace Fairlead.Transports;

/// <summary>The part of a connection whose peer shares memory with this process.</summary>
/// <remarks>
/// Messages are written where the peer reads them, and read in place, without a descriptor and without a system call. The link gets this
/// part once, when it is created. Each member has one caller at a time, under one lock.
/// </remarks>
internal abstract class MemoryChannel
{
    /// <summary>The sending part. Under the link's send lock.</summary>
    public abstract MemoryOutput Output { get; }

    /// <summary>The receiving part. Used by the pump, or under the endpoint's gate while no thread pumps.</summary>
    public abstract MemoryInput Input { get; }

    /// <summary>The reader's sleep.</summary>
    public abstract MemorySleep Sleep { get; }

    /// <summary>The memory that the peer writes once for many readers; null if this side does not read such memory.</summary>
    public abstract BroadcastInput? Broadcasts { get; }
}

/// <summary>Sends messages in one step: reserve, write, commit and flush, behind everything committed before.</summary>
/// <remarks>Under the link's send lock. No member blocks.</remarks>
internal abstract class MemoryOutput
{
    /// <summary>Sends a copy of a whole message. Returns false without a change if that is not possible now, or not in this way.</summary>
    /// <param name="header">The header, complete.</param>
    /// <param name="head">Placed before the payload.</param>
    /// <param name="payload">The payload, which is copied.</param>
    /// <param name="holdsBack">Whether the peer sees the message only with the next one that is not held back, or the next flush.</param>
    public abstract bool TrySend(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, bool holdsBack);

    /// <summary>Sends a message of kind Send, without head and flags, that contains this acknowledgement.</summary>
    public abstract bool TrySendPlain(uint ack, ReadOnlySpan<byte> payload);

    /// <summary>The number of bytes in the memory that the peer has not released, read or unread.</summary>
    public abstract long Taken { get; }

    /// <summary>Returns whether a flush or send has woken the peer since the last call: it may then be on this CPU. Any thread.</summary>
    public abstract bool TakeHasWoken();

    /// <summary>Leases memory for a body of at most this length, where the peer will read it. Valid until <see cref="EndLoan"/>.</summary>
    /// <remarks>Returns false if there is none now. Messages committed during the loan go first. One loan at a time.</remarks>
    public abstract bool TryLoan(int bodyLength, out Memory<byte> body);

    /// <summary>Whether the loan can be committed in place.</summary>
    /// <remarks>Otherwise a message was committed since, and the loan's content must be copied behind it.</remarks>
    public abstract bool HoldsLoan { get; }

    /// <summary>Publishes the content of a loan, like <see cref="Connection.Commit"/>, and ends the loan.</summary>
    public abstract void CommitLoan(in MessageHeader header);

    /// <summary>Ends the loan. Uncommitted content has no effect.</summary>
    /// <remarks>Harmless a second time, and after <see cref="Connection.Dispose"/>.</remarks>
    public abstract void EndLoan();
}

/// <summary>Receives messages in place.</summary>
/// <remarks>
/// This part reports no errors: an invalid message just is not found. <see cref="Connection.Fill"/> and <see cref="Connection.TryTake"/>
/// then continue with it and report it. Used by the pump, or under the endpoint's gate while no thread pumps. No member blocks.
/// </remarks>
internal abstract class MemoryInput
{
    /// <summary>Whether everything seen has been taken: the next poll reads what the peer writes. A hint for other threads.</summary>
    public abstract bool IsDrained { get; }

    /// <summary>Finds the next complete message, of any kind. It stays the next until <see cref="TryAdvance"/> or
    /// <see cref="Lease"/>.</summary>
    /// <remarks>The memory is the peer's, which may still write to it: copy before checking.</remarks>
    public abstract bool TryPeek(out MessageHeader header, out ReadOnlySpan<byte> body);

    /// <summary>Finds the next message like <see cref="TryPeek"/>, if <see cref="MemoryOutput.TrySendPlain"/> sent it and it is
    /// short.</summary>
    /// <remarks>A long message is better leased. Returns false if another message, or none, is next.</remarks>
    /// <param name="looks">Whether to poll for messages published since everything seen was taken.</param>
    /// <param name="ack">The acknowledgement in the message.</param>
    /// <param name="body">The body in the shared memory.</param>
    public abstract bool TryPeekPlain(bool looks, out uint ack, out ReadOnlySpan<byte> body);

    /// <summary>Returns whether the peeked message is so long that a lease costs less than a copy.</summary>
    public abstract bool IsWorthLeasing(int bodyLength);

    /// <summary>Leases the peeked message and advances. The caller releases it once, from any thread.</summary>
    public abstract Incoming Lease(in MessageHeader header, int bodyLength);

    /// <summary>Advances past the peeked message; a copy of it belongs to the caller.</summary>
    /// <returns>
    /// False if the peer has overwritten it during the copy, in memory with many readers (<see cref="BroadcastInput"/>): the copy is then
    /// invalid.
    /// </returns>
    public abstract bool TryAdvance(int bodyLength);
}

/// <summary>Receives messages that the peer writes once for many readers, in memory that all of them read.</summary>
internal abstract class BroadcastInput
{
    /// <summary>Whether this side takes part: messages come there now, and not through the connection. Any thread.</summary>
    public abstract bool HasJoined { get; }

    /// <summary>Takes a copy of the next message, if it was seen already and is published with this head and acknowledgement.</summary>
    /// <remarks>
    /// It must also fit and have no flags. Returns false if another message is next, or the message was overwritten. Then nothing has
    /// changed, except possibly the destination. Same caller as <see cref="MemoryInput"/>.
    /// </remarks>
    public abstract bool TryTakePublished(ReadOnlySpan<byte> head, uint ack, Span<byte> into, out int length);

    /// <summary>Publishes what this side's user has consumed in memory that the peer polls.</summary>
    /// <remarks>Returns false if the peer needs an acknowledgement instead. Any thread, under the send lock.</remarks>
    /// <param name="messages">The messages from the beginning of the connection, modulo 2³².</param>
    /// <param name="bytes">The bytes of all of them.</param>
    public abstract bool PublishConsumed(uint messages, long bytes);

    /// <summary>Returns whether the peer has stopped polling since the last call, and needs an acknowledgement. Called by the
    /// pump.</summary>
    public abstract bool TakeIsToBePublished();
}
