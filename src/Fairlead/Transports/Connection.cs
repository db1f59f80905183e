using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>One end of a connection that carries whole messages.</summary>
/// <remarks>
/// <para>A transport creates it. The session protocol above it (credit, receipts, requests, closing) is the same for all
/// connections.</para>
/// <para><b>Sending</b>: one thread at a time (under the link's send lock) calls <see cref="Reserve"/>, <see cref="Commit"/>,
/// <see cref="BeginLong"/>, <see cref="DetachLong"/> and <see cref="Flush"/>. Data flows reserve → write → commit → flush. None of them
/// blocks.</para>
/// <para><b>Receiving</b>: one thread at a time (the one that pumps the endpoint) calls <see cref="Fill"/> and <see cref="TryTake"/>. It
/// may differ from the sending thread and run at the same time. Neither blocks. A taken message belongs to the caller, which releases it
/// once, from any thread.</para>
/// <para><b>Optional parts</b>: the link reads <see cref="Sleep"/>, <see cref="Memory"/>, <see cref="Handles"/>, <see cref="Room"/> and
/// <see cref="Consumption"/> once, when it is created. Each is null if the connection does not have it, and does not change.</para>
/// <para><b>Waiting</b>: the connection does not wait. It names the descriptor that is ready when there may be something to do.</para>
/// <para><b>Errors</b>: operating-system errors are translated here, at the edge. <see cref="Flush"/> and <see cref="Fill"/> return states.
/// <see cref="TryTake"/> throws a <see cref="FairleadException"/> (Corrupt, TooLarge) for malformed input. After that the connection can
/// only be disposed.</para>
/// </remarks>
internal abstract class Connection : IDisposable
{
    /// <summary>The capabilities of this connection.</summary>
    public abstract TransportCapabilities Capabilities { get; }

    /// <summary>The process at the other end, as reported by the kernel.</summary>
    public abstract Peer Peer { get; }

    /// <summary>Readable when messages or the end may have arrived, writable when a blocked <see cref="Flush"/> may continue.</summary>
    /// <remarks>Owned by the connection.</remarks>
    public abstract Descriptor WaitDescriptor { get; }

    /// <summary>Writable when a blocked <see cref="Flush"/> may continue, if that is not <see cref="WaitDescriptor"/>.</summary>
    /// <remarks>Owned by the connection.</remarks>
    public virtual Descriptor? OutputDescriptor => null;

    /// <summary>Readable after <see cref="Abort"/>, if <see cref="WaitDescriptor"/> does not show it. Owned by the connection.</summary>
    public virtual Descriptor? AbortDescriptor => null;

    /// <summary>The longest body accepted from the peer. Set by the link once it knows the peer.</summary>
    public int ReceiveLimit { get; set; } = int.MaxValue;

    /// <summary>Trusts announced lengths from now on, because the peer is a process of the same user.</summary>
    /// <remarks>Long messages then get their memory immediately, up to 64 MiB of it.</remarks>
    public virtual void TrustLengths()
    {
    }

    /// <summary>The bytes committed but not handed to the kernel or the peer, without the rest of a long message.</summary>
    public abstract int Unflushed { get; }

    /// <summary>Bodies of at least this many bytes are better sent by <see cref="BeginLong"/>.</summary>
    public abstract int LongThreshold { get; }

    /// <summary>Whether a long message is being written.</summary>
    public abstract bool HasLong { get; }

    /// <summary>The bytes of the long message still to be written.</summary>
    public virtual int LongRest => 0;

    /// <summary>Throws <see cref="ArgumentException"/> if the framing cannot carry the body, such as a newline within a line.</summary>
    public virtual void Check(ReadOnlySpan<byte> body)
    {
    }

    /// <summary>Returns memory for a body of exactly this length; valid until <see cref="Commit"/>.</summary>
    /// <remarks>Empty if the connection is full now (never on byte streams), or if the length is 0.</remarks>
    public abstract Span<byte> Reserve(int bodyLength);

    /// <summary>Publishes the data in the reserved memory. <c>header.Length</c> is the reserved length.</summary>
    public abstract void Commit(in MessageHeader header);

    /// <summary>Starts a message that <see cref="Flush"/> writes from the caller's memory, without a copy, behind committed data.</summary>
    /// <remarks>
    /// The payload must not change until <see cref="HasLong"/> is false again. Messages committed until then follow it. Only one long
    /// message at a time.
    /// </remarks>
    public abstract void BeginLong(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlyMemory<byte> payload);

    /// <summary>Copies the rest of the long message, which frees the caller's memory immediately.</summary>
    public abstract void DetachLong();

    /// <summary>Writes as much as possible without blocking.</summary>
    public abstract FlushResult Flush();

    /// <summary>Moves arrived data into the connection's memory.</summary>
    public abstract FillResult Fill();

    /// <summary>Takes the next whole message from the data that <see cref="Fill"/> has moved.</summary>
    public abstract bool TryTake(out Incoming message);

    /// <summary>Whether a message has arrived in part. After the end: the connection ended within it.</summary>
    public virtual bool HasPart => false;

    /// <summary>Notes that the descriptor is ready. Called by the pump.</summary>
    /// <remarks>
    /// For connections whose messages do not come through it, so <see cref="Fill"/> does not touch it, and for those that learn of their
    /// end only by events.
    /// </remarks>
    public virtual void OnReady(PollEvents events)
    {
    }

    /// <summary>Returns how much invalid data arrived since the last call: unknown bytes, and messages that were cut off.</summary>
    /// <param name="skipped">How many bytes of it belonged to no message, if the connection counts them.</param>
    /// <remarks>Called by the pump.</remarks>
    public virtual int TakeDropped(out long skipped)
    {
        skipped = 0;
        return 0;
    }

    /// <summary>Announces sleeps, if messages do not come through the descriptor; null if the descriptor shows everything.</summary>
    public virtual SleepAnnouncer? Sleep => null;

    /// <summary>The memory that the peer shares with this process, if there is any.</summary>
    /// <remarks>
    /// A blocked <see cref="Flush"/> may then continue when the descriptor was readable, because the peer rings the doorbell when there is
    /// capacity. Flushing is never deferred, because it costs almost nothing.
    /// </remarks>
    public virtual MemoryChannel? Memory => null;

    /// <summary>Sends open files with messages, if the connection can.</summary>
    public virtual HandlePassing? Handles => null;

    /// <summary>Limits committing beyond credit, if the connection needs that.</summary>
    public virtual OutputRoom? Room => null;

    /// <summary>Stores how far the user has read, if the connection does.</summary>
    public virtual ConsumptionSink? Consumption => null;

    /// <summary>Ends sending: the peer sees the end behind the flushed data. Receiving continues.</summary>
    public abstract void EndSending();

    /// <summary>Ends the connection immediately, from any thread. The pump then sees its end. Unflushed data is lost.</summary>
    public abstract void Abort();

    /// <summary>Releases descriptors and memory. Leases outlive it.</summary>
    /// <remarks>Called once, by the pump under the send lock, when no other call is in progress.</remarks>
    public abstract void Dispose();
}

/// <summary>The result of a <see cref="Connection.Flush"/>.</summary>
internal enum FlushResult
{
    /// <summary>Everything has been written.</summary>
    Done,

    /// <summary>The rest can be written when the descriptor is writable.</summary>
    Blocked,

    /// <summary>The peer takes no more; its earlier data can still be received.</summary>
    Broken,
}

/// <summary>The result of a <see cref="Connection.Fill"/>.</summary>
internal enum FillResult
{
    /// <summary>Data has arrived, and there may be more.</summary>
    More,

    /// <summary>All available data has been moved, possibly none.</summary>
    Drained,

    /// <summary>The peer closed its side in order. All its data has been moved.</summary>
    End,

    /// <summary>The connection was reset. Data that arrived before can still be taken; some of the peer's data may be missing.</summary>
    Broken,
}
