using System.Runtime.CompilerServices;

namespace Fairlead.Patterns.Links;

/// <summary>
/// Credit, at the end that receives: what has come, what of it the user has consumed, and what of that the peer has been told. Telling is
/// worth while when a part of the window has been consumed since the last time; what is less is told later.
/// </summary>
/// <remarks>
/// What has come is counted by the pump, what is consumed under the endpoint's gate, what is written under the link's send lock; each may
/// be read by any thread. A part of its link, and never copied. Numbers of messages count from 1 and wrap round at 2³².
/// </remarks>
/// <param name="messages">How many this side holds unread.</param>
/// <param name="bytes">How many bytes of them.</param>
/// <param name="tells">How often a full window is told of.</param>
internal struct ReceiveWindow(int messages, long bytes, int tells)
{
    private readonly uint _enoughMessages = (uint)Math.Max(1, messages / tells);
    private readonly long _enoughBytes = bytes / tells;
    private uint _received;
    private uint _consumed;
    private long _consumedBytes;
    private long _consumedBytesSinceTold;
    private uint _told;
    private uint _written;

    /// <summary>How many the user has consumed: what an acknowledgement says.</summary>
    public readonly uint Consumed => Volatile.Read(in _consumed);

    /// <summary>Their bytes.</summary>
    public readonly long ConsumedBytes => Volatile.Read(in _consumedBytes);

    /// <summary>Whether enough has been consumed to tell the peer.</summary>
    public readonly bool IsAckDue =>
        _consumed - Volatile.Read(in _told) >= _enoughMessages || Volatile.Read(in _consumedBytesSinceTold) >= _enoughBytes;

    /// <summary>Whether something has been consumed of which the peer was not told.</summary>
    public readonly bool HasUntold => Consumed != Volatile.Read(in _told);

    /// <summary>Whether the last acknowledgement that was written says all.</summary>
    public readonly bool IsWritten => Volatile.Read(in _written) == Consumed;

    /// <summary>Refuses a message for which the peer has no credit. By the pump, before it is counted.</summary>
    /// <param name="length">Of the message.</param>
    /// <param name="unreadBytes">Of those that lie here already.</param>
    /// <exception cref="FairleadException">Corrupt.</exception>
    public readonly void Check(int length, long unreadBytes)
    {
        // Counted apart: what lies in the queues is not all the peer's, whose coming stands there too.
        uint unread = _received - Consumed;
        if (unread >= (uint)messages || (unread >= SendWindow.AlwaysOutstanding && unreadBytes + length > bytes))
        {
            throw new FairleadException(ErrorCode.Corrupt, "the peer sent more than the credit that it was given");
        }
    }

    /// <summary>One has come. By the pump.</summary>
    public void Receive() => _received++;

    /// <summary>One has been consumed, or dropped.</summary>
    public void Consume(int length)
    {
        _consumed++;
        _consumedBytes += length;
        _consumedBytesSinceTold += length;
    }

    /// <summary>One has come and is consumed at once. Under the gate while nobody pumps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReceiveAndConsume(int length)
    {
        Receive();
        Consume(length);
    }

    /// <summary>What has been consumed by now is about to be told. Any thread.</summary>
    public void NoteTold()
    {
        Volatile.Write(ref _told, Consumed);
        Volatile.Write(ref _consumedBytesSinceTold, 0);
    }

    /// <summary>What the message that is written now acknowledges. Under the send lock.</summary>
    public uint Write()
    {
        uint acknowledged = Consumed;
        NoteWritten(acknowledged);
        return acknowledged;
    }

    /// <summary>The same behind a message that has left. Under the send lock.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void NoteWritten(uint acknowledged)
    {
        // No store that changes nothing: those that follow a message wait until the memory of the ring is here to be written to.
        if (_written != acknowledged)
        {
            _written = acknowledged;
        }
    }
}
