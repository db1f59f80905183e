using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>The short way up: from where a message lies into its receiver's hands, and of what is published, which may lie in memory that
/// many read.</content>
internal sealed partial class Link
{
    /// <summary>So many messages in a row that nothing was sent between are a stream.</summary>
    private const int StreamLength = 64;

    /// <summary>Some 4 µs.</summary>
    private const int LingerSpins = 120;

    private int _takenInRow;
    private bool _hasLingered;
    private KnownHead _knownHead;

    /// <summary>
    /// Before a look at what a streaming peer publishes: lets some messages come together. Who looks for each single one fetches the line
    /// of the position each time, which costs the peer many times what the message does. Where nothing came meanwhile it was no stream. By
    /// one who looks.
    /// </summary>
    public void Linger()
    {
        if (_broadcasts is { IsSitting: true })
        {
            // The others who read the same may wait for this processor; while they read, much comes together.
            Thread.Yield();
            if (_sleep!.HasArrived)
            {
                return;
            }
        }

        Thread.SpinWait(LingerSpins);
        _hasLingered = true;
    }

    /// <summary>
    /// Something is sent, also an answer: what its peer sends next may wait for it, and lingering would only hold both up. Any thread; a
    /// message more or less makes no stream.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void EndStream()
    {
        // No store that changes nothing, as in NoteSent.
        if (_takenInRow != 0)
        {
            _takenInRow = 0;
        }
    }

    /// <summary>Whether that is worth while.</summary>
    public bool IsStreaming => _takenInRow >= StreamLength && _memoryInput!.IsDrained && !_isLatency;

    /// <summary>
    /// The next message straight out of the connection's memory, if it is a short one and nothing lies before it. What else there may be,
    /// an answer, an end, something wrong, is left to <see cref="Receive"/>. Under the endpoint's gate while nobody pumps.
    /// </summary>
    public MessageCore? TryPull(int me)
    {
        if (_memoryInput is not { } input || _state != LinkState.Up || _isPaused || !_inbound.IsEmpty)
        {
            return null;
        }

        if (_broadcasts is not null)
        {
            return TryPullPublished(input);
        }

        if (!input.TryPeek(out MessageHeader header, out ReadOnlySpan<byte> body))
        {
            _takenInRow = _hasLingered ? 0 : _takenInRow;
            _hasLingered = false;
            return null;
        }

        _hasLingered = false;

        // Nothing is unread: it is within the credit that its sender has. One who waits for a receipt is to be told first.
        if (header.Kind == MessageKind.Deliver
            || PeerPattern == PatternKind.Receiver
            || !_endpoint.Profile.Accepts(header.Kind)
            || (header.HeadLength > 0 && !IsPlainHead(header, body))
            || !TryNoteAck(header.Ack, me))
        {
            return null;
        }

        MessageCore message;
        if (input.IsWorthLending(body.Length))
        {
            message = MessageCore.Rent(this, input.Lend(header, body.Length));
        }
        else
        {
            message = _inHand.Keep(header, body);
            _ = input.TryPass(body.Length);
            _takenInRow++;
        }

        _inbound.Window.ReceiveAndConsume(header.Length);
        _heartbeat?.Hear();
        return message;
    }

    /// <summary>
    /// The next message, if it is a plain one, or a published one like that before it, and nothing is unusual. Null: nothing was done, and
    /// <see cref="TryPull"/> says what there is. As that; nothing in here throws.
    /// </summary>
    /// <param name="me">The calling thread.</param>
    /// <param name="looks">
    /// Whether to look at what was published in any case: else, in a stream, it is for who receives to linger before he looks.
    /// </param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public MessageCore? TryPullPlain(int me, bool looks)
    {
        if (_state != LinkState.Up || _isPaused || _heartbeat is not null || !_inbound.IsEmpty || _inHand.Resident is not { } resident)
        {
            return null;
        }

        if (_broadcasts is { } broadcasts)
        {
            return TryPullAsBefore(resident, broadcasts);
        }

        looks |= _takenInRow < StreamLength || _isLatency;
        if (!_takesPlain || !_memoryInput!.TryPeekPlain(looks, out uint ack, out ReadOnlySpan<byte> body))
        {
            return null;
        }

        if (!resident.IsPlainlyBack(body.Length) || (ack != _window.Acknowledged && !TryNoteAck(ack, me)))
        {
            return null;
        }

        resident.ReusePlain(body);
        _ = _memoryInput.TryPass(body.Length);
        _hasLingered = false;
        _takenInRow++;
        _inbound.Window.ReceiveAndConsume(body.Length);
        return resident;
    }

    /// <summary>Whether enough has been consumed to tell the peer, on a link that is up and carries no files.</summary>
    public bool IsAckDue => _inbound.Window.IsAckDue;

    /// <summary>Whether a head has nothing that concerns the link: that of a request, with the time that its sender waits.</summary>
    private static bool IsPlainHead(in MessageHeader header, ReadOnlySpan<byte> body)
    {
        ReadOnlySpan<byte> head = body[..Math.Min(header.HeadLength, body.Length)];
        return header.Kind == MessageKind.Request
            && header.HeadLength == head.Length
            && HeadReader.IsWellFormed(head, out _)
            && !HeadReader.TryGet(head, HeadField.Missed, out ReadOnlySpan<byte> _);
    }

    /// <summary>Takes the acknowledgements that lie next. False when something else does. As <see cref="TryPull"/>.</summary>
    public bool PullAcks(int me)
    {
        while (_memoryInput is { } input
            && _state == LinkState.Up
            && !_isPaused
            && _inbound.Arrived == 0
            && input.TryPeek(out MessageHeader header, out ReadOnlySpan<byte> body))
        {
            if (header.Kind != MessageKind.Ack || header.HeadLength > 0 || !TryNoteAck(header.Ack, me))
            {
                return false;
            }

            _ = input.TryPass(body.Length);
            _heartbeat?.Hear();
        }

        return true;
    }

    /// <summary>Takes note of an acknowledgement for which nobody waits.</summary>
    private bool TryNoteAck(uint acknowledged, int me)
    {
        if (acknowledged == _window.Acknowledged)
        {
            return true;
        }

        // Left by hand, as in TrySendPlain.
        BiasedLock.Scope sending = _sending.Hold(me);
        bool isNoted = TryNoteAck(acknowledged);
        sending.Dispose();
        return isNoted;
    }

    /// <summary>Under <c>_sending</c>.</summary>
    private bool TryNoteAck(uint acknowledged) =>
        !IsSeated && _queued.Count == 0 && !_close.HasSaid && !_endpoint.HearsOfCredit && _window.TryAcknowledge(acknowledged);

    /// <summary>
    /// As <see cref="TryPull"/>. That the publisher has not written over what was copied is known at the end, and all before it may be
    /// wrong till then.
    /// </summary>
    private MessageCore? TryPullPublished(MemoryInput input)
    {
        if (!input.TryPeek(out MessageHeader header, out ReadOnlySpan<byte> body))
        {
            _takenInRow = _hasLingered ? 0 : _takenInRow;
            _hasLingered = false;
            return null;
        }

        _hasLingered = false;
        if (header.Kind != MessageKind.Publish
            || header.HeadLength > body.Length
            || !_endpoint.Profile.Accepts(header.Kind)
            || header.Ack != _window.Acknowledged)
        {
            return null;
        }

        MessageCore message = _inHand.Keep(header, body);
        if (!_knownHead.IsPlain(message.Head) || !input.TryPass(body.Length))
        {
            message.Release(message.Version, null);
            return null;
        }

        _takenInRow++;
        _inbound.Window.ReceiveAndConsume(header.Length);
        _heartbeat?.Hear();
        return message;
    }

    /// <summary>
    /// The next message, if it has been seen in the memory that many read, and is like the one before it. As <see cref="TryPullPlain"/>.
    /// </summary>
    private MessageCore? TryPullAsBefore(MessageCore resident, BroadcastInput broadcasts)
    {
        if (!_knownHead.Any
            || !resident.IsPlainlyBack(0)
            || !broadcasts.TryTakePublished(_knownHead.Head, _window.Acknowledged, resident.Own, out int length))
        {
            return null;
        }

        resident.ReusePublished(_knownHead.Head.Length, length);
        _hasLingered = false;
        _takenInRow++;
        _inbound.Window.ReceiveAndConsume(length);
        return resident;
    }
}
