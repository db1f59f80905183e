using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>
/// One end of a connection that carries whole messages. A transport yields it; the session protocol above it (credit, receipts, requests, closing)
/// is the same for all and is not its business.
/// </summary>
/// <remarks>
/// <para><b>Sending</b>: <see cref="Reserve"/>, <see cref="Commit"/>, <see cref="BeginLong"/>, <see cref="DetachLong"/> and <see cref="Flush"/> are called by one thread at a time (the link's send lock).
/// Data flows reserve → write → commit → flush. None of them blocks.</para>
/// <para><b>Receiving</b>: <see cref="Fill"/>, <see cref="TryTake"/>, <see cref="PrepareWait"/> and <see cref="EndWait"/> are called by one thread at a time (whoever pumps the endpoint), which may differ from the sending one and run at the same time.
/// None of them blocks. A taken message belongs to the taker, who releases it once, from any thread.</para>
/// <para><b>Waiting</b> is not the connection's business either: it names the descriptor whose readiness means that there may be something to do.</para>
/// <para><b>Errors</b>: operating-system errors are translated here, at the edge. <see cref="Flush"/> and <see cref="Fill"/> return states; malformed input throws
/// <see cref="FairleadException"/> (Corrupt, TooLarge) out of <see cref="TryTake"/>, after which the connection is only good for disposal.</para>
/// </remarks>
internal abstract class Connection : IDisposable
{
    /// <summary>What this connection can do.</summary>
    public abstract TransportCapabilities Capabilities { get; }

    /// <summary>Who is at the other end, as far as the kernel tells.</summary>
    public abstract Peer Peer { get; }

    /// <summary>Becomes readable when messages or the end may have arrived, and writable when a blocked <see cref="Flush"/> may go on. Owned by the connection.</summary>
    public abstract Descriptor WaitDescriptor { get; }

    /// <summary>Becomes writable when a blocked <see cref="Flush"/> may go on, where that is not <see cref="WaitDescriptor"/>. Owned by the connection.</summary>
    public virtual Descriptor? OutputDescriptor => null;

    /// <summary>Becomes readable after <see cref="Abort"/>, where <see cref="WaitDescriptor"/> does not tell of it. Owned by the connection.</summary>
    public virtual Descriptor? AbortDescriptor => null;

    /// <summary>Longest body that is accepted from the peer. Set by the link once it knows whom it talks to.</summary>
    public int ReceiveLimit { get; set; } = int.MaxValue;

    /// <summary>From now on the peer's announced lengths are believed before the bytes are here (a process of the same user): long messages get their memory at once, up to 64 MiB of it.</summary>
    public virtual void TrustLengths()
    {
    }

    /// <summary>Bytes committed and not yet handed to the kernel or the peer, without the rest of a long message.</summary>
    public abstract int Unflushed { get; }

    /// <summary>Bodies of at least so many bytes are better sent by <see cref="BeginLong"/>.</summary>
    public abstract int LongThreshold { get; }

    /// <summary>Whether a long message is under way.</summary>
    public abstract bool HasLong { get; }

    /// <summary>Bytes of the long message that are still to be written.</summary>
    public virtual int LongRest => 0;

    /// <summary>Throws <see cref="ArgumentException"/> when the framing cannot carry such a body (a newline inside a line).</summary>
    public virtual void Check(ReadOnlySpan<byte> body)
    {
    }

    /// <summary>
    /// Whether a body of this length can be committed now, beside what credit says. False: the connection sees to it that <see
    /// cref="WaitDescriptor"/> becomes readable when this is worth asking again.
    /// Called under the send lock, of connections without the session protocol.
    /// </summary>
    public virtual bool HasRoom(int bodyLength) => true;

    /// <summary>What a sender waits for while it has no credit, in the words of an error.</summary>
    public virtual string AwaitedWhileFull => "the peer gave no credit: it does not read";

    /// <summary>Memory for a body of exactly this length; valid until <see cref="Commit"/>. Empty when there is no room now (never on byte streams), or the length is 0.</summary>
    public abstract Span<byte> Reserve(int bodyLength);

    /// <summary>Publishes what was written into the reserved memory. <c>header.Length</c> is the reserved length.</summary>
    public abstract void Commit(in MessageHeader header);

    /// <summary>
    /// Sends a whole message at once, behind all that was committed before and with it: reserve, write, commit and flush in one, where that is worth a way of its own. False, and nothing was done, where it is
    /// not, or does not go now.
    /// </summary>
    public virtual bool TrySend(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload) => false;

    /// <summary>The same for a plain message: one of the kind that is sent, with neither a head nor flags, that acknowledges so much.</summary>
    public virtual bool TrySendPlain(uint ack, ReadOnlySpan<byte> payload) => false;

    /// <summary>
    /// Memory for a body of at most this length where the peer will read it, valid until <see cref="EndLoan"/>; false where there is none now. What is committed meanwhile goes before it. One at a time. By a thread
    /// that has the send lock, as the following two.
    /// </summary>
    public virtual bool TryLoan(int bodyLength, out Memory<byte> body)
    {
        body = default;
        return false;
    }

    /// <summary>Whether the loan can be committed: else something was committed since it was made, and its content has to be copied behind that.</summary>
    public virtual bool HoldsLoan => false;

    /// <summary>Publishes what was written into the loan, as <see cref="Commit"/> does.</summary>
    public virtual void CommitLoan(in MessageHeader header) => throw new NotSupportedException();

    /// <summary>Gives the loan back; what was not committed is as if it had never been. Also after <see cref="Dispose"/>.</summary>
    public virtual void EndLoan()
    {
    }

    /// <summary>
    /// Starts a message that is sent out of the caller's memory, without a copy, by this and later calls of <see cref="Flush"/>, behind what is committed already.
    /// The payload must stay as it is until <see cref="HasLong"/> is false again. Messages committed meanwhile follow it. Only one at a time.
    /// </summary>
    public abstract void BeginLong(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlyMemory<byte> payload);

    /// <summary>An open file goes with the message that is committed next, while no long one is under way. Takes the file over.</summary>
    public virtual void Attach(Descriptor file) => throw new NotSupportedException();

    /// <summary>Copies what is left of the long message, so that the caller's memory is free at once.</summary>
    public abstract void DetachLong();

    /// <summary>Hands over as much as goes without blocking.</summary>
    public abstract FlushResult Flush();

    /// <summary>Moves what has arrived into the connection's memory.</summary>
    public abstract FillResult Fill();

    /// <summary>The next whole message of what <see cref="Fill"/> moved.</summary>
    public abstract bool TryTake(out Incoming message);

    /// <summary>
    /// The next message where it lies, if it lies there whole: for a taker who copies it at once, and then has <see cref="Pass"/> go on behind it, or <see cref="Lend"/>s it where it <see cref="IsWorthLending"/>. Until then it
    /// stays the next; <see cref="Fill"/> and <see cref="TryTake"/> go on with it else. By the pump. What is wrong with it is for them to say.
    /// </summary>
    public virtual bool TryPeek(out MessageHeader header, out ReadOnlySpan<byte> body)
    {
        header = default;
        body = default;
        return false;
    }

    /// <summary>As <see cref="TryPeek"/>, for a plain message (<see cref="TrySendPlain"/>) that is not worth lending. False where another lies next, or nothing.</summary>
    /// <param name="looks">Whether to look at what the peer has published since all that was seen has been taken.</param>
    /// <param name="ack">What it acknowledges.</param>
    /// <param name="body">Where it lies.</param>
    public virtual bool TryPeekPlain(bool looks, out uint ack, out ReadOnlySpan<byte> body)
    {
        ack = 0;
        body = default;
        return false;
    }

    /// <summary>Whether a message that was peeked at is so long that it costs less to lend than to copy.</summary>
    public virtual bool IsWorthLending(int bodyLength) => false;

    /// <summary>Lends the message that was peeked at, and goes on behind it.</summary>
    public virtual Incoming Lend(in MessageHeader header, int bodyLength) => throw new NotSupportedException();

    /// <summary>Goes on behind the message that was peeked at.</summary>
    public virtual void Pass(int bodyLength) => throw new NotSupportedException();

    /// <summary>The same where messages may come in memory that the peer shares with others (<see cref="HearsBroadcasts"/>); false when it has been written over meanwhile, and what was copied may be anything.</summary>
    public virtual bool TryPass(int bodyLength) => throw new NotSupportedException();

    /// <summary>
    /// Takes the next message where it lies in memory that the peer shares with others, if it was seen already, was published without flags, has this head, acknowledges so much, and fits: a copy of head and payload.
    /// False, and nothing was done but that something may have been written into the memory, where another lies next, or it has been written over.
    /// </summary>
    public virtual bool TryTakePublished(ReadOnlySpan<byte> head, uint ack, Span<byte> into, out int length)
    {
        length = 0;
        return false;
    }

    /// <summary>Whether all that was seen has been taken: the next look goes to what the peer writes.</summary>
    public virtual bool IsDrained => true;

    /// <summary>Whether the peer believes that this side sleeps.</summary>
    public virtual bool IsAnnounced => false;

    /// <summary>Whether a message has begun to arrive and is not whole. After the end: it came in the middle.</summary>
    public virtual bool HasPart => false;

    /// <summary>A blocked <see cref="Flush"/> may go on when the descriptor was readable, since writable it always is: the peer rings when there is room.</summary>
    public virtual bool TellsRoomByReading => false;

    /// <summary>Whether <see cref="Flush"/> costs so little that it is never put off to send several messages at once.</summary>
    public virtual bool FlushesCheaply => false;

    /// <summary>The descriptor is ready. For connections whose messages do not come through it (<see cref="Fill"/> does not touch it), and those that are told of their end by events alone. By the pump.</summary>
    public virtual void OnReady(PollEvents events)
    {
    }

    /// <summary>How much arrived since this was asked last that is nobody's message: bytes of programs that do not speak this framing, messages that were cut off. By the pump.</summary>
    public virtual int TakeDropped() => 0;

    /// <summary>Whether <see cref="PrepareWait"/> and <see cref="EndWait"/> do anything: peers that share memory must be told of a sleeper.</summary>
    public virtual bool AnnouncesWaits => false;

    /// <summary>Whether <see cref="Fill"/> would find something, without a word to the descriptor. Only asked of connections that announce waits.</summary>
    public virtual bool HasArrived => true;

    /// <summary>Announces that the caller is about to sleep on <see cref="WaitDescriptor"/>; false when there is something to take already, and the caller must not sleep.</summary>
    public virtual bool PrepareWait() => true;

    /// <summary>Takes the announcement back.</summary>
    public virtual void EndWait()
    {
    }

    /// <summary>Whether a caller that waits for this connection alone can sleep without its descriptor, which then somebody else has to watch.</summary>
    public virtual bool CanPark => false;

    /// <summary>Announces a sleep without the descriptor, and sleeps until something arrives, the time has passed, or <see cref="Unpark"/>; not at all when <paramref name="mayNot"/>, asked after the announcement, says so. By the pump.</summary>
    public virtual void Park(TimeSpan timeout, Func<bool> mayNot) => throw new NotSupportedException();

    /// <summary>Ends <see cref="Park"/>. Any thread.</summary>
    public virtual void Unpark()
    {
    }

    /// <summary>
    /// Turns the announcement of <see cref="PrepareWait"/> into one without the descriptor, for a thread that is about to <see cref="Stay"/>; false when the peer has taken it back meanwhile. Under the endpoint's gate
    /// while nobody pumps. The release is <see cref="EndStay"/>.
    /// </summary>
    public virtual bool TryStay() => false;

    /// <summary>Sleeps until something arrives, or <see cref="Unpark"/>; now and then for no reason less.</summary>
    public virtual void Stay() => throw new NotSupportedException();

    /// <summary>Behind it, on the same thread.</summary>
    /// <param name="passesOn">Somebody else sleeps there by now, or will: what has woken this thread may have been meant for him.</param>
    public virtual void EndStay(bool passesOn) => throw new NotSupportedException();

    /// <summary>Whether a flush has woken the peer since this was asked last: then this processor may be the one that it was put on.</summary>
    public virtual bool TakeHasWoken() => false;

    /// <summary>Whether messages may come in memory that the peer shares with others, too, and the following two do anything.</summary>
    public virtual bool HearsBroadcasts => false;

    /// <summary>Whether they come there now.</summary>
    public virtual bool ReadsBroadcasts => false;

    /// <summary>
    /// Says what this side's user has consumed, in memory, where the peer looks for itself; false where it is to be told by an acknowledgement. By any thread under the send lock.
    /// </summary>
    /// <param name="messages">From the beginning of the connection, modulo 2³².</param>
    /// <param name="bytes">Of all of them.</param>
    public virtual bool TellConsumed(uint messages, long bytes) => false;

    /// <summary>Whether the peer has stopped looking since this was asked last: then it is to be told. By the pump.</summary>
    public virtual bool TakeIsToBeTold() => false;

    /// <summary>So many messages have been handed to the user, modulo 2³²: where no acknowledgement goes to a peer. By any thread.</summary>
    public virtual void NoteHanded(uint messages)
    {
    }

    /// <summary>Says that nothing more will be sent, so that the peer sees the end behind what was flushed. Receiving goes on.</summary>
    public abstract void EndSending();

    /// <summary>Ends the connection at once, from any thread: the pump sees its end. What was not flushed is gone.</summary>
    public abstract void Abort();

    /// <summary>Gives descriptors and memory back. Called once, by the pump under the send lock, when no other call is under way; leases outlive it.</summary>
    public abstract void Dispose();
}

/// <summary>What became of a <see cref="Connection.Flush"/>.</summary>
internal enum FlushResult
{
    /// <summary>Everything has left.</summary>
    Done,

    /// <summary>The rest goes when the descriptor is writable.</summary>
    Blocked,

    /// <summary>The peer takes no more; what it sent before can still be received.</summary>
    Broken,
}

/// <summary>What became of a <see cref="Connection.Fill"/>.</summary>
internal enum FillResult
{
    /// <summary>Something arrived, and more may be there.</summary>
    More,

    /// <summary>All that was there has been moved, which may be nothing.</summary>
    Drained,

    /// <summary>The peer closed its side in order. Everything that it sent has been moved.</summary>
    End,

    /// <summary>The connection was torn down. What had arrived before can still be taken; something that the peer sent may be missing.</summary>
    Broken,
}
