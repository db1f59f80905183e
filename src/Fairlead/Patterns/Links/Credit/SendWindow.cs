using System.Diagnostics;
using System.Runtime.CompilerServices;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Credit;

/// <summary>Credit at the sending end: the unread messages that the peer is willing to hold, and those it has not acknowledged.</summary>
/// <remarks>
/// A message may be sent when it fits by number and bytes. It may also be sent when fewer than two are outstanding. A message longer than
/// the window then passes, and the next one is on its way while it is read. Under the link's send lock; hints may be read without it. A
/// part of its link, and never copied. Message numbers count from 1 and wrap around at 2³².
/// </remarks>
internal struct SendWindow
{
    /// <summary>The messages that may be outstanding whatever their length. Part of the protocol.</summary>
    public const int AlwaysOutstanding = 2;

    private Unacknowledged _outstanding;
    private HalfWritten _halfWritten;
    private uint _acknowledged;

    public SendWindow(uint messages, long capacity)
    {
        Messages = messages;
        Capacity = capacity;
        Longest = EndpointSettings.NoLimit;
    }

    /// <summary>The most unread messages that the peer holds.</summary>
    public uint Messages { get; private set; }

    /// <summary>The most bytes of unread messages that the peer holds.</summary>
    public long Capacity { get; private set; }

    /// <summary>The longest message that the peer accepts, head and payload together.</summary>
    public long Longest { get; private set; }

    /// <summary>The total number of messages sent.</summary>
    public readonly long Sent => _outstanding.Sent;

    /// <summary>How many of them were handed to the peer's user.</summary>
    public readonly long Read => _outstanding.Sent - _outstanding.Count;

    /// <summary>The number of the last message sent, by which the peer acknowledges.</summary>
    public readonly uint LastNumber => unchecked((uint)_outstanding.Sent);

    /// <summary>The number of unacknowledged messages. A hint without the lock.</summary>
    public readonly int Outstanding => _outstanding.Count;

    /// <summary>The bytes of the unacknowledged messages. A hint without the lock.</summary>
    public readonly long OutstandingBytes => _outstanding.Bytes;

    /// <summary>The number last acknowledged. A hint without the lock.</summary>
    public uint Acknowledged
    {
        readonly get => Volatile.Read(in _acknowledged);
        private set => Volatile.Write(ref _acknowledged, value);
    }

    /// <summary>All counts, for a broadcast slot that continues them.</summary>
    public readonly BroadcastTally Tally => _outstanding.Tally;

    /// <summary>Sets the limits that the peer announced in its handshake.</summary>
    /// <remarks>The number is cut to the most that an endpoint can ask for, because each outstanding message is recorded here.</remarks>
    public void Grant(uint messages, ulong capacity, ulong longest)
    {
        Messages = Math.Clamp(messages, 1, EndpointSettings.MostMessages);
        Capacity = (long)Math.Min(capacity, long.MaxValue);
        Longest = (long)Math.Min(longest, (ulong)EndpointSettings.NoLimit);
    }

    /// <summary>Returns whether the peer accepts a message with this length of head and payload together.</summary>
    public readonly bool Takes(long length) => length <= Longest;

    /// <summary>Returns whether a message of this length may be sent now.</summary>
    public readonly bool HasCredit(int length) =>
        _outstanding.Count < Messages && (_outstanding.Count < AlwaysOutstanding || _outstanding.Bytes + length <= Capacity);

    /// <summary>Returns whether a message of this length may be sent now, and can be counted without growing.</summary>
    public readonly bool HasCreditAtOnce(int length) => HasCreditAtOnce(length, Outstanding, OutstandingBytes + length);

    /// <summary>Returns the same for known counts, where the bytes include the message.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool HasCreditAtOnce(int length, int count, long bytes) =>
        length <= Longest && count < _outstanding.Places && count < Messages && (count < AlwaysOutstanding || bytes <= Capacity);

    /// <summary>Whether the window has capacity for another message. A hint.</summary>
    public readonly bool HasRoomNow =>
        _outstanding.Count < Messages && (_outstanding.Count < AlwaysOutstanding || _outstanding.Bytes < Capacity);

    /// <summary>Whether more than half of the window is used. A hint.</summary>
    public readonly bool IsHalfUsed => IsHalf(_outstanding.Count, _outstanding.Bytes);

    /// <summary>Returns the same for a known number of outstanding messages and bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsHalf(int count, long bytes) => count > Messages >> 1 || bytes > Capacity >> 1;

    /// <summary>Returns whether one part in this many is free, in messages and in bytes.</summary>
    public readonly bool HasFree(int part) =>
        Messages - _outstanding.Count >= Math.Max(1, Messages / part) && Capacity - _outstanding.Bytes >= Capacity / part;

    /// <summary>Counts a sent message.</summary>
    public void Add(long bytes) => _outstanding.Add(bytes);

    /// <summary>Counts a sent message after <see cref="HasCreditAtOnce(int)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddAtOnce(long bytes) => _outstanding.AddInPlace(bytes);

    /// <summary>Counts a message sent to a peer that does not acknowledge.</summary>
    public void AddUnanswered(long bytes) => _outstanding.AddUnanswered(bytes);

    /// <summary>Returns whether the message with this number was handed to the peer's user.</summary>
    public readonly bool IsAcknowledged(uint number) => (int)(_acknowledged - number) >= 0;

    /// <summary>Returns whether this acknowledgement contains less than is already known.</summary>
    public readonly bool IsOld(uint acknowledged) => (int)(acknowledged - _acknowledged) < 0;

    /// <summary>Handles an acknowledgement of all messages up to this number. Returns false without a change if it is impossible.</summary>
    public bool TryAcknowledge(uint acknowledged)
    {
        uint count = acknowledged - _acknowledged;
        if (count > (uint)_outstanding.Count || _halfWritten.Reaches(acknowledged))
        {
            return false;
        }

        _outstanding.Acknowledge(count);
        Acknowledged = acknowledged;
        return true;
    }

    /// <summary>Handles an acknowledgement, and throws if it is impossible.</summary>
    /// <exception cref="FairleadException">Corrupt: the acknowledgement is impossible.</exception>
    public void Acknowledge(uint acknowledged)
    {
        if (!TryAcknowledge(acknowledged))
        {
            throw new FairleadException(ErrorCode.Corrupt, acknowledged - _acknowledged > (uint)_outstanding.Count
                ? "the peer acknowledged messages that were never sent"
                : "the peer acknowledged a message that it cannot have read completely");
        }
    }

    /// <summary>Takes over the counts of a broadcast slot.</summary>
    /// <remarks>The length of each outstanding message is not known any more; all their bytes return with the last one.</remarks>
    public void Restore(in BroadcastTally tally)
    {
        Debug.Assert(!_halfWritten.Any, "A broadcast message is never partly written.");
        _outstanding.Restore(tally);
        Acknowledged = unchecked((uint)(tally.Sent - tally.Outstanding));
    }

    /// <summary>Notes that the last message is partly written, with this many bytes up to its end missing in the kernel.</summary>
    public void AddHalfWritten(uint id, long unwritten) => _halfWritten.Add(LastNumber, id, unwritten);

    /// <summary>Whether there are partly written messages.</summary>
    public readonly bool HasHalfWritten => _halfWritten.Any;

    /// <summary>Returns whether the call with this id is partly written: no peer can have read it, whatever it answers.</summary>
    public readonly bool IsHalfWritten(uint id) => _halfWritten.Holds(id);

    /// <summary>Notes that the kernel has taken this many more bytes.</summary>
    public void Written(long bytes) => _halfWritten.Written(bytes);
}
