using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>
/// One end of a connection that carries whole messages. A transport yields it; the session protocol above it (credit, receipts, requests,
/// closing) is the same for all and is not its business.
/// </summary>
/// <remarks>
/// <para><b>Sending</b>: <see cref="Reserve"/>, <see cref="Commit"/>, <see cref="BeginLong"/>, <see cref="DetachLong"/> and
/// <see cref="Flush"/> are called by one thread at a time (the link's send lock). Data flows reserve → write → commit → flush. None of them
/// blocks.</para>
/// <para><b>Receiving</b>: <see cref="Fill"/> and <see cref="TryTake"/> are called by one thread at a time (whoever pumps the endpoint),
/// which may differ from the sending one and run at the same time. None of them blocks. A taken message belongs to the taker, who releases
/// it once, from any thread.</para>
/// <para><b>What only some have</b> is a part that the link asks for once, when it is made: <see cref="Sleep"/>, <see cref="Memory"/>,
/// <see cref="Handles"/>, <see cref="Room"/>, <see cref="Consumption"/>. Null where there is none, and the same at each call.</para>
/// <para><b>Waiting</b> is not the connection's business either: it names the descriptor whose readiness means that there may be something
/// to do.</para>
/// <para><b>Errors</b>: operating-system errors are translated here, at the edge. <see cref="Flush"/> and <see cref="Fill"/> return states;
/// malformed input throws <see cref="FairleadException"/> (Corrupt, TooLarge) out of <see cref="TryTake"/>, after which the connection is
/// only good for disposal.</para>
/// </remarks>
internal abstract class Connection : IDisposable
{
    /// <summary>What this connection can do.</summary>
    public abstract TransportCapabilities Capabilities { get; }

    /// <summary>Who is at the other end, as far as the kernel tells.</summary>
    public abstract Peer Peer { get; }

    /// <summary>
    /// Becomes readable when messages or the end may have arrived, and writable when a blocked <see cref="Flush"/> may go on. Owned by the
    /// connection.
    /// </summary>
    public abstract Descriptor WaitDescriptor { get; }

    /// <summary>
    /// Becomes writable when a blocked <see cref="Flush"/> may go on, where that is not <see cref="WaitDescriptor"/>. Owned by the
    /// connection.
    /// </summary>
    public virtual Descriptor? OutputDescriptor => null;

    /// <summary>
    /// Becomes readable after <see cref="Abort"/>, where <see cref="WaitDescriptor"/> does not tell of it. Owned by the connection.
    /// </summary>
    public virtual Descriptor? AbortDescriptor => null;

    /// <summary>Longest body that is accepted from the peer. Set by the link once it knows whom it talks to.</summary>
    public int ReceiveLimit { get; set; } = int.MaxValue;

    /// <summary>
    /// From now on the peer's announced lengths are believed before the bytes are here (a process of the same user): long messages get
    /// their memory at once, up to 64 MiB of it.
    /// </summary>
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
    /// Memory for a body of exactly this length; valid until <see cref="Commit"/>. Empty when there is no room now (never on byte streams),
    /// or the length is 0.
    /// </summary>
    public abstract Span<byte> Reserve(int bodyLength);

    /// <summary>Publishes what was written into the reserved memory. <c>header.Length</c> is the reserved length.</summary>
    public abstract void Commit(in MessageHeader header);

    /// <summary>
    /// Starts a message that is sent out of the caller's memory, without a copy, by this and later calls of <see cref="Flush"/>, behind
    /// what is committed already. The payload must stay as it is until <see cref="HasLong"/> is false again. Messages committed meanwhile
    /// follow it. Only one at a time.
    /// </summary>
    public abstract void BeginLong(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlyMemory<byte> payload);

    /// <summary>Copies what is left of the long message, so that the caller's memory is free at once.</summary>
    public abstract void DetachLong();

    /// <summary>Hands over as much as goes without blocking.</summary>
    public abstract FlushResult Flush();

    /// <summary>Moves what has arrived into the connection's memory.</summary>
    public abstract FillResult Fill();

    /// <summary>The next whole message of what <see cref="Fill"/> moved.</summary>
    public abstract bool TryTake(out Incoming message);

    /// <summary>Whether a message has begun to arrive and is not whole. After the end: it came in the middle.</summary>
    public virtual bool HasPart => false;

    /// <summary>
    /// The descriptor is ready. For connections whose messages do not come through it (<see cref="Fill"/> does not touch it), and those
    /// that are told of their end by events alone. By the pump.
    /// </summary>
    public virtual void OnReady(PollEvents events)
    {
    }

    /// <summary>
    /// How much arrived since this was asked last that is nobody's message: bytes of programs that do not speak this framing, messages that
    /// were cut off. By the pump.
    /// </summary>
    public virtual int TakeDropped() => 0;

    /// <summary>Where messages do not come through the descriptor; null where it says all.</summary>
    public virtual SleepAnnouncer? Sleep => null;

    /// <summary>
    /// Where the peer shares memory with this process. A blocked <see cref="Flush"/> may then go on when the descriptor was readable, since
    /// the peer rings when there is room; and it is never put off, since it costs next to nothing.
    /// </summary>
    public virtual MemoryChannel? Memory => null;

    /// <summary>Where open files go with messages.</summary>
    public virtual HandlePassing? Handles => null;

    /// <summary>Where credit does not say all about whether a message may be committed.</summary>
    public virtual OutputRoom? Room => null;

    /// <summary>Where it is kept how far the user has read.</summary>
    public virtual ConsumptionSink? Consumption => null;

    /// <summary>Says that nothing more will be sent, so that the peer sees the end behind what was flushed. Receiving goes on.</summary>
    public abstract void EndSending();

    /// <summary>Ends the connection at once, from any thread: the pump sees its end. What was not flushed is gone.</summary>
    public abstract void Abort();

    /// <summary>
    /// Gives descriptors and memory back. Called once, by the pump under the send lock, when no other call is under way; leases outlive it.
    /// </summary>
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

    /// <summary>
    /// The connection was torn down. What had arrived before can still be taken; something that the peer sent may be missing.
    /// </summary>
    Broken,
}
