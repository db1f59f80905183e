using Fairlead.Framing;

namespace Fairlead.Transports;

/// <summary>Memory into which an endpoint writes each message once, for many peers that read it there.</summary>
/// <remarks>
/// Each peer that supports it has a <see cref="BroadcastSlot"/>, its slot, and takes part while it keeps up. Otherwise it gets its messages
/// through its own connection, without a visible difference. Any thread may call this. No link lock is needed or taken; one may be held.
/// </remarks>
internal abstract class Broadcast : IDisposable
{
    /// <summary>The longest body, head and payload together, that can be written once for all.</summary>
    public abstract int LongestBody { get; }

    /// <summary>Returns a slot for the peer of this connection, or null if it cannot have one. Under the link's send lock.</summary>
    /// <remarks><see cref="BroadcastSlot.Dispose"/> releases it.</remarks>
    public abstract BroadcastSlot? TryTakeSlot(Connection connection);

    /// <summary>Writes a message once for all members of the audience that take part and have credit, and counts it as sent to each. Does
    /// not block.</summary>
    /// <param name="audience">The peers to reach.</param>
    /// <param name="payload">The payload, or its beginning, which is copied behind the audience's head.</param>
    /// <param name="behind">The rest of the payload, such as the mark behind a value: so a value is not copied to stand before it.</param>
    /// <param name="reached">The bits of the peers reached. All others must get the message through their own connections.</param>
    /// <param name="inTheWay">
    /// The bits of peers that have not read the memory to overwrite. If there are any, nothing was written: make these peers leave, and try
    /// again.
    /// </param>
    /// <returns>The number of peers it was written for.</returns>
    public abstract int Publish(
        BroadcastAudience audience,
        ReadOnlySpan<byte> payload,
        ReadOnlySpan<byte> behind,
        out ulong reached,
        out ulong inTheWay);

    /// <summary>The total unread bytes of all peers that take part, by their latest reports.</summary>
    public abstract long Unread { get; }

    /// <summary>Releases the memory. All slots have been released before; a later publish reaches no peer.</summary>
    public abstract void Dispose();
}

/// <summary>The slot of one peer. Under its link's send lock, except for <see cref="Bit"/> and <see cref="IsCorrupt"/>.</summary>
internal abstract class BroadcastSlot
{
    /// <summary>The bit of this slot among all slots at this time.</summary>
    public abstract ulong Bit { get; }

    /// <summary>Whether the peer takes part: it reads what is written once for all.</summary>
    public bool IsTaken { get; protected set; }

    /// <summary>Whether the peer has reported something impossible, and must be disconnected.</summary>
    public abstract bool IsCorrupt { get; }

    /// <summary>Whether the peer is skipped for lack of credit: nothing new is written for it, but its unread data stays. Any
    /// thread.</summary>
    public abstract bool IsSkipped { get; }

    /// <summary>Whether the peer knows that it has left.</summary>
    /// <remarks>Until then it might take newly written data for data that it has not read yet.</remarks>
    public abstract bool MayTake { get; }

    /// <summary>Makes the peer take part. It is told through its connection, which the caller flushes.</summary>
    public abstract void Take(in BroadcastCredit credit);

    /// <summary>Makes the peer leave: it gets everything through its connection, beginning with its unread data. The caller
    /// flushes.</summary>
    /// <param name="sendsRest">Whether the peer is still connected and gets the rest.</param>
    public abstract BroadcastTally Leave(bool sendsRest);

    /// <summary>Returns whether the peer's credit allows one more message. If it does not, the peer is skipped from then on.</summary>
    /// <remarks>From the first refusal until it leaves, the peer acknowledges through its connection.</remarks>
    public abstract bool HasRoom(int length);

    /// <summary>Lets a skipped peer take part again if it has enough credit for now. Returns whether it does.</summary>
    /// <remarks>No message may be waiting for its credit.</remarks>
    public abstract bool TryResume(int length);

    /// <summary>Returns whether a waiting sender may write a good number of messages to this peer.</summary>
    /// <remarks>Also true if there is nothing more to wait for.</remarks>
    public abstract bool HasCaughtUp(int length);

    /// <summary>Handles an acknowledgement through the connection, of all messages, modulo 2³². Returns false if it is
    /// impossible.</summary>
    public abstract bool Acknowledge(uint acknowledged);

    /// <summary>Returns the current counts of sent and acknowledged messages.</summary>
    public abstract BroadcastTally Tally();

    /// <summary>Makes the peer leave, and releases the slot. Called before the connection is disposed.</summary>
    public abstract void Dispose();
}

/// <summary>The limits and counts of a peer that begins to take part, counted from the beginning of its link.</summary>
/// <param name="Messages">The most unread messages.</param>
/// <param name="Capacity">The most unread bytes.</param>
/// <param name="Longest">The longest body that it accepts.</param>
/// <param name="Tally">The messages sent to it so far.</param>
internal readonly record struct BroadcastCredit(long Messages, long Capacity, long Longest, BroadcastTally Tally);

/// <summary>The messages sent to a peer from the beginning of its link, and the unacknowledged ones among them.</summary>
internal readonly record struct BroadcastTally(long Sent, long SentBytes, long Outstanding, long OutstandingBytes);

/// <summary>The peers that get the same published messages. The counters belong to the broadcast.</summary>
/// <param name="head">The head of these messages.</param>
/// <param name="seats">The slots of the peers.</param>
internal sealed class BroadcastAudience(byte[] head, BroadcastSlot[] seats)
{
    /// <summary>The header of these messages, without their length.</summary>
    public MessageHeader Header { get; } = new() { Kind = MessageKind.Publish, HeadLength = checked((ushort)head.Length) };

    public byte[] Head => head;

    public BroadcastSlot[] Slots => seats;

    /// <summary>The peers that take part and have credit, as of <see cref="Version"/>.</summary>
    public ulong Mask { get; set; }

    public int Count { get; set; }

    public int Version { get; set; } = -1;

    /// <summary>The messages written for them and not yet counted with each.</summary>
    public long Messages { get; set; }

    public long Bytes { get; set; }
}
