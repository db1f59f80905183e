using System.Diagnostics;
using System.Runtime.CompilerServices;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>
/// Credit, at the end that sends: how many messages and bytes the peer is willing to hold unread, and what of all that was sent it has not
/// acknowledged. A message may go when both fit, or when fewer than two are outstanding (so that one longer than the window passes, and the
/// next is on its way while it is read).
/// </summary>
/// <remarks>
/// Under the link's send lock; what says that it is a hint may be read without it. A part of its link, and never copied. Numbers of
/// messages count from 1 and wrap round at 2³².
/// </remarks>
internal struct SendWindow
{
    /// <summary>Messages that may be outstanding however long they are. Part of the protocol.</summary>
    public const int AlwaysOutstanding = 2;

    private Unacknowledged _outstanding;
    private HalfWritten _halfWritten;
    private uint _acknowledged;

    public SendWindow(uint messages, long bytes)
    {
        Messages = messages;
        Bytes = bytes;
        Longest = EndpointSettings.NoLimit;
    }

    /// <summary>How many messages the peer holds unread.</summary>
    public uint Messages { get; private set; }

    /// <summary>How many bytes of them.</summary>
    public long Bytes { get; private set; }

    /// <summary>The longest message that the peer takes, head and payload together.</summary>
    public long Longest { get; private set; }

    /// <summary>How many were sent in all.</summary>
    public readonly long Sent => _outstanding.Sent;

    /// <summary>How many of them the peer's user was handed.</summary>
    public readonly long Read => _outstanding.Sent - _outstanding.Count;

    /// <summary>The number of the last that was sent: the peer acknowledges by it.</summary>
    public readonly uint LastNumber => unchecked((uint)_outstanding.Sent);

    /// <summary>Messages that are not acknowledged. A hint without the lock.</summary>
    public readonly int Outstanding => _outstanding.Count;

    /// <summary>Their bytes. A hint without the lock.</summary>
    public readonly long OutstandingBytes => _outstanding.Bytes;

    /// <summary>The number that was acknowledged last. A hint without the lock.</summary>
    public uint Acknowledged
    {
        readonly get => Volatile.Read(in _acknowledged);
        private set => Volatile.Write(ref _acknowledged, value);
    }

    /// <summary>All of it, for who counts on.</summary>
    public readonly BroadcastTally Tally => _outstanding.Tally;

    /// <summary>What the peer said in its handshake.</summary>
    public void Grant(uint messages, ulong bytes, ulong longest)
    {
        Messages = Math.Max(1, messages);
        Bytes = (long)Math.Min(bytes, long.MaxValue);
        Longest = (long)Math.Min(longest, (ulong)EndpointSettings.NoLimit);
    }

    /// <summary>Whether the peer takes a message whose head and payload are so long together.</summary>
    public readonly bool Takes(long length) => length <= Longest;

    /// <summary>Whether a message of this length may go now.</summary>
    public readonly bool HasCredit(int length) =>
        _outstanding.Count < Messages && (_outstanding.Count < AlwaysOutstanding || _outstanding.Bytes + length <= Bytes);

    /// <summary>
    /// The same, for a caller that knows how many are outstanding, and how many bytes would be; and where it is noted without growing.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool HasCreditAtOnce(int length, int count, long bytes) =>
        length <= Longest && count < _outstanding.Places && count < Messages && (count < AlwaysOutstanding || bytes <= Bytes);

    /// <summary>Whether another message goes at once, or nearly. A hint.</summary>
    public readonly bool HasRoomNow =>
        _outstanding.Count < Messages && (_outstanding.Count < AlwaysOutstanding || _outstanding.Bytes < Bytes);

    /// <summary>Whether more than half of it is used. A hint.</summary>
    public readonly bool IsHalfUsed => IsHalf(_outstanding.Count, _outstanding.Bytes);

    /// <summary>The same where so many are outstanding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsHalf(int count, long bytes) => count > Messages >> 1 || bytes > Bytes >> 1;

    /// <summary>Whether one part in so many of it is free, in messages and in bytes.</summary>
    public readonly bool HasFree(int part) =>
        Messages - _outstanding.Count >= Math.Max(1, Messages / part) && Bytes - _outstanding.Bytes >= Bytes / part;

    /// <summary>One was sent.</summary>
    public void Add(long bytes) => _outstanding.Add(bytes);

    /// <summary>The same behind <see cref="HasCreditAtOnce"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddAtOnce(long bytes) => _outstanding.AddInPlace(bytes);

    /// <summary>One was sent to a peer that acknowledges nothing.</summary>
    public void AddUnanswered(long bytes) => _outstanding.AddUnanswered(bytes);

    /// <summary>Whether the peer has been handed the message with this number.</summary>
    public readonly bool IsAcknowledged(uint number) => (int)(_acknowledged - number) >= 0;

    /// <summary>Whether this says less than is known already.</summary>
    public readonly bool IsOld(uint acknowledged) => (int)(acknowledged - _acknowledged) < 0;

    /// <summary>The peer says that it has handed out all up to this number; false, and nothing was done, where that cannot be.</summary>
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

    /// <summary>The same of a peer that is to be believed.</summary>
    /// <exception cref="FairleadException">Corrupt: it cannot be.</exception>
    public void Acknowledge(uint acknowledged)
    {
        if (!TryAcknowledge(acknowledged))
        {
            throw new FairleadException(ErrorCode.Corrupt, acknowledged - _acknowledged > (uint)_outstanding.Count
                ? "the peer acknowledged messages that were never sent"
                : "the peer acknowledged a message of which it cannot have read the whole");
        }
    }

    /// <summary>
    /// As somebody else has counted: how long each of those was is not known any more, and their bytes come back with the last.
    /// </summary>
    public void Restore(in BroadcastTally tally)
    {
        Debug.Assert(!_halfWritten.Any, "What is written for many is never half written.");
        _outstanding.Restore(tally);
        Acknowledged = unchecked((uint)(tally.Sent - tally.Outstanding));
    }

    /// <summary>The last message has begun to leave, and so many bytes up to its end are not with the kernel.</summary>
    public void AddHalfWritten(uint id, long unwritten) => _halfWritten.Add(LastNumber, id, unwritten);

    /// <summary>Whether some have begun to leave and are not with the kernel whole.</summary>
    public readonly bool HasHalfWritten => _halfWritten.Any;

    /// <summary>Whether the call with this id is one of them: no peer can have read it, whatever it answers.</summary>
    public readonly bool IsHalfWritten(uint id) => _halfWritten.Holds(id);

    /// <summary>The kernel has taken so many bytes more.</summary>
    public void Written(long bytes) => _halfWritten.Written(bytes);
}
