using Fairlead.Framing;

namespace Fairlead.Transports;

/// <summary>
/// Memory into which an endpoint writes each message once, for many peers that read it there. Each peer that can has a
/// <see cref="BroadcastSeat"/>, and sits in it while it keeps up; what a peer is sent while it does not sit goes through its own
/// connection, and nobody can tell the difference.
/// </summary>
/// <remarks>Any thread. No lock of a link is needed, and none is taken: one may be held.</remarks>
internal abstract class Broadcast : IDisposable
{
    /// <summary>The longest body, head and payload together, that is written once for all.</summary>
    public abstract int LongestBody { get; }

    /// <summary>
    /// A seat for the peer of this connection; null where it cannot have one, now or ever. Under the link's send lock. The release is
    /// <see cref="BroadcastSeat.Dispose"/>.
    /// </summary>
    public abstract BroadcastSeat? TrySeat(Connection connection);

    /// <summary>Writes a message once for all of the audience that sit and have credit for it. Does not block.</summary>
    /// <param name="audience">For whom it is meant.</param>
    /// <param name="header">Its length is set here.</param>
    /// <param name="head">Stands before the payload.</param>
    /// <param name="payload">Copied.</param>
    /// <param name="reached">The bits of those for whom it was written: all others are to be sent it by their own connections.</param>
    /// <param name="inTheWay">
    /// The bits of those who have not read what it would be written over: they are to be told to leave, then it is to be tried again.
    /// Nothing was written.
    /// </param>
    /// <returns>For how many it was written.</returns>
    public abstract int Publish(
        BroadcastAudience audience,
        MessageHeader header,
        ReadOnlySpan<byte> head,
        ReadOnlySpan<byte> payload,
        out ulong reached,
        out ulong inTheWay);

    /// <summary>Bytes that those who sit have not read, summed, as far as they have said.</summary>
    public abstract long Unread { get; }

    /// <summary>Gives the memory back. All seats have been given back before; whoever publishes reaches nobody.</summary>
    public abstract void Dispose();
}

/// <summary>One peer's place. All under its link's send lock, but for <see cref="Bit"/> and <see cref="IsCorrupt"/>.</summary>
internal abstract class BroadcastSeat
{
    /// <summary>Stands for it among all that have a seat at this time.</summary>
    public abstract ulong Bit { get; }

    /// <summary>Whether the peer reads what is written once for all.</summary>
    public bool IsTaken { get; protected set; }

    /// <summary>Whether the peer has said what cannot be: its connection is to be ended.</summary>
    public abstract bool IsCorrupt { get; }

    /// <summary>Whether the peer has next to no credit: nothing is written for it, but what it has not read stays. Any thread.</summary>
    public abstract bool IsPassedOver { get; }

    /// <summary>
    /// Whether the peer knows that it has left: until then it might take what is written for it anew for what it has not read yet.
    /// </summary>
    public abstract bool MayTake { get; }

    /// <summary>
    /// From here on the peer reads what is written once for all; it is told so through its connection, which the caller flushes.
    /// </summary>
    public abstract void Take(in BroadcastCredit credit);

    /// <summary>
    /// From here on the peer is sent everything through its connection, beginning with what it has not read yet. The caller flushes it.
    /// </summary>
    /// <param name="sendsRest">Whether the peer is still there.</param>
    public abstract BroadcastTally Leave(bool sendsRest);

    /// <summary>
    /// Whether the peer's credit allows one more message; where it does not, it is passed over from then on. From the first refusal until
    /// it leaves it says by its connection what it has consumed.
    /// </summary>
    public abstract bool HasRoom(int length);

    /// <summary>
    /// Lets a peer that sits and was passed over for want of credit take part again, where it has enough for now; true when it takes part.
    /// Nothing may wait for its credit.
    /// </summary>
    public abstract bool TryResume(int length);

    /// <summary>
    /// Whether the peer has so much credit that who waits for it may write a good many messages; true, too, where there is nothing more to
    /// wait for.
    /// </summary>
    public abstract bool HasCaughtUp(int length);

    /// <summary>
    /// The peer has said through its connection how many of all messages it has consumed, modulo 2³²; false when that cannot be.
    /// </summary>
    public abstract bool Acknowledge(uint acknowledged);

    /// <summary>What has been sent and acknowledged so far.</summary>
    public abstract BroadcastTally Tally();

    /// <summary>Leaves, and gives the place back. Before the connection is disposed.</summary>
    public abstract void Dispose();
}

/// <summary>What a peer brings along: all numbers count from the beginning of its link.</summary>
/// <param name="WindowMessages">How many messages it takes unread.</param>
/// <param name="WindowBytes">How many bytes.</param>
/// <param name="Longest">The longest body that it takes.</param>
/// <param name="Tally">What it has been sent.</param>
internal readonly record struct BroadcastCredit(long WindowMessages, long WindowBytes, long Longest, BroadcastTally Tally);

/// <summary>What a peer was sent, from the beginning of its link, and what of it is not acknowledged.</summary>
internal readonly record struct BroadcastTally(long Sent, long SentBytes, long Outstanding, long OutstandingBytes);

/// <summary>Those who are meant by the same messages. Its counters are the broadcast's own.</summary>
internal sealed class BroadcastAudience(BroadcastSeat[] seats)
{
    public BroadcastSeat[] Seats => seats;

    /// <summary>Those of them that sit and have credit, as of <see cref="Version"/>.</summary>
    public ulong Mask { get; set; }

    public int Count { get; set; }

    public int Version { get; set; } = -1;

    /// <summary>Written for them, and not yet entered with each.</summary>
    public long Messages { get; set; }

    public long Bytes { get; set; }
}
