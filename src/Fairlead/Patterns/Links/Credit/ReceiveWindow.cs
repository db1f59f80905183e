using System.Runtime.CompilerServices;

namespace Fairlead.Patterns.Links.Credit;

/// <summary>Credit at the receiving end: messages received, consumed by the user, and acknowledged to the peer.</summary>
/// <remarks>
/// Acknowledging is worthwhile once a certain part of the window was consumed; smaller parts are acknowledged later. The pump counts
/// received messages. Consumed messages are counted under the endpoint's gate, and written acknowledgements under the link's send lock. Any
/// thread may read the numbers. A part of its link, and never copied. Message numbers count from 1 and wrap around at 2³².
/// </remarks>
/// <param name="messages">The most unread messages on this side.</param>
/// <param name="bytes">The most bytes of unread messages.</param>
/// <param name="tells">The number of acknowledgements per full window.</param>
internal struct ReceiveWindow(int messages, long bytes, int tells)
{
    private readonly uint _enoughMessages = (uint)Math.Max(1, messages / tells);
    private readonly long _enoughBytes = bytes / tells;
    private uint _received;
    private uint _consumed;
    private long _consumedBytes;
    private long _consumedBytesSinceAcknowledged;
    private uint _acknowledged;
    private uint _written;

    /// <summary>Consumed messages that must not be acknowledged yet; null: there are none at this end.</summary>
    public HeldBack? HeldBack { get; init; }

    /// <summary>The number of received messages.</summary>
    public readonly uint Received => Volatile.Read(in _received);

    /// <summary>The number of consumed messages.</summary>
    public readonly uint Consumed => Volatile.Read(in _consumed);

    /// <summary>The bytes of the consumed messages.</summary>
    public readonly long ConsumedBytes => Volatile.Read(in _consumedBytes);

    /// <summary>Whether enough was consumed to acknowledge it.</summary>
    public readonly bool IsAckDue =>
        _consumed - Volatile.Read(in _acknowledged) >= _enoughMessages || Volatile.Read(in _consumedBytesSinceAcknowledged) >= _enoughBytes;

    /// <summary>Whether there is unacknowledged consumption.</summary>
    public readonly bool HasUntold => Consumed != Volatile.Read(in _acknowledged);

    /// <summary>The number of messages that acknowledgements contain.</summary>
    public readonly uint Released => HeldBack is null ? Consumed : HeldBack.Released(Consumed);

    /// <summary>Whether a quarter of the messages that the peer counts as outstanding may be acknowledged.</summary>
    /// <remarks>The last of them always is. Without the locks it is a hint: the deferred work acknowledges what was missed.</remarks>
    public readonly bool IsReleaseDue
    {
        get
        {
            uint written = Volatile.Read(in _written);
            return 4 * (ulong)(Released - written) >= Volatile.Read(in _received) - written;
        }
    }

    /// <summary>Whether the last written acknowledgement is complete.</summary>
    public readonly bool IsWritten => Volatile.Read(in _written) == Released;

    /// <summary>Refuses a message beyond the peer's credit. Called by the pump, before the message is counted.</summary>
    /// <param name="length">The length of the message.</param>
    /// <param name="unreadBytes">The bytes of the messages that are already unread here.</param>
    /// <exception cref="FairleadException">Corrupt: the peer has exceeded its credit.</exception>
    public readonly void Check(int length, long unreadBytes)
    {
        // Counted separately, because the queues also contain markers for joining and leaving peers.
        uint unread = _received - Consumed;
        if (unread >= (uint)messages || (unread >= SendWindow.AlwaysOutstanding && unreadBytes + length > bytes))
        {
            throw new FairleadException(ErrorCode.Corrupt, "the peer sent more than its credit allows");
        }
    }

    /// <summary>Counts a received message. Called by the pump.</summary>
    public void Receive() => _received++;

    /// <summary>Counts a consumed or dropped message.</summary>
    public void Consume(int length)
    {
        _consumed++;
        _consumedBytes += length;
        _consumedBytesSinceAcknowledged += length;
    }

    /// <summary>Counts a message that is received and consumed immediately. Under the gate while no thread pumps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReceiveAndConsume(int length)
    {
        Receive();
        Consume(length);
    }

    /// <summary>Notes that the current consumption is about to be acknowledged. Any thread.</summary>
    public void NoteAcknowledged()
    {
        Volatile.Write(ref _acknowledged, Consumed);
        Volatile.Write(ref _consumedBytesSinceAcknowledged, 0);
    }

    /// <summary>Returns the acknowledgement for the message that is written now. Under the send lock.</summary>
    public uint Write()
    {
        uint acknowledged = Released;
        NoteWritten(acknowledged);
        return acknowledged;
    }

    /// <summary>Notes the acknowledgement of a message that has been sent. Under the send lock.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void NoteWritten(uint acknowledged)
    {
        // Do not store an unchanged value: stores behind a message wait until the ring's cache line can be written.
        if (_written != acknowledged)
        {
            _written = acknowledged;
        }
    }
}
