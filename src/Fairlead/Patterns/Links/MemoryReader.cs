using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>
/// The short way up: from where a message lies in memory that the peer shares into its receiver's hands; of what is published, memory that
/// many read. And how one who is about to sleep announces that to the peer.
/// </summary>
/// <remarks>
/// Owns what it knows of the stream: how many came in a row, and the head of the message before. Under the endpoint's gate while nobody
/// pumps, but for what says otherwise.
/// </remarks>
internal sealed class MemoryReader
{
    /// <summary>So many messages in a row that nothing was sent between are a stream.</summary>
    private const int StreamLength = 64;

    /// <summary>Some 4 µs.</summary>
    private const int LingerSpins = 120;

    private readonly Link _link;
    private readonly LinkReceiver _receiver;
    private readonly MessagesInHand _inHand;
    private readonly ReadPause _pause;
    private readonly LinkSender _sender;
    private readonly EndpointCore _endpoint;
    private readonly Heartbeat? _heartbeat;
    private readonly SleepAnnouncer? _sleep;
    private readonly MemoryInput? _memoryInput;
    private readonly MemoryOutput? _memoryOutput;
    private readonly BroadcastInput? _broadcasts;
    private readonly bool _takesPlain;
    private readonly bool _isLatency;

    private int _takenInRow;
    private bool _hasLingered;
    private KnownHead _knownHead;

    public MemoryReader(Link link)
    {
        _link = link;
        _receiver = link.Receiving;
        _inHand = link.Receiving.InHand;
        _pause = link.Pause;
        _sender = link.Sending;
        _endpoint = link.Endpoint;
        _heartbeat = link.Heartbeat;
        _sleep = link.Connection.Sleep;
        _memoryInput = link.Memory?.Input;
        _memoryOutput = link.Memory?.Output;
        _broadcasts = link.Memory?.Broadcasts;
        _takesPlain = _endpoint.Profile.Accepts(MessageKind.Send);
        _isLatency = _endpoint.Settings.Waiting == WaitStrategy.Latency;
    }

    /// <summary>Whether that is worth while.</summary>
    public bool IsStreaming => _takenInRow >= StreamLength && _memoryInput!.IsDrained && !_isLatency;

    /// <summary>Whether there is something to receive, of a connection that announces waits.</summary>
    public bool HasArrived => !_pause.IsPaused && _sleep!.HasArrived;

    /// <summary>Announces a sleep to the peer; false when there is something to receive.</summary>
    public bool PrepareWait()
    {
        _receiver.TellBeforeSleep();
        return _sleep!.PrepareWait() || _pause.IsPaused;
    }

    /// <summary>Takes the announcement back.</summary>
    public void EndWait() => _sleep!.EndWait();

    /// <summary>
    /// Whether a peer that shares memory was woken since this was asked last, and may have been put on this very processor; or may be there
    /// anyway, with others who read the same.
    /// </summary>
    public bool MayShareProcessor(bool withReaders) =>
        _memoryOutput is { } output && (output.TakeHasWoken() || (withReaders && _broadcasts is { IsSitting: true }));

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
    public void EndStream()
    {
        // No store that changes nothing, as in NoteSent.
        if (_takenInRow != 0)
        {
            _takenInRow = 0;
        }
    }

    /// <summary>
    /// The next message straight out of the connection's memory, if it is a short one and nothing lies before it. What else there may be,
    /// an answer, an end, something wrong, is left to <see cref="LinkReceiver.Receive"/>. Under the endpoint's gate while nobody pumps.
    /// </summary>
    public MessageCore? TryPull(int me)
    {
        if (_memoryInput is not { } input || _link.State != LinkState.Up || _pause.IsPaused || !_receiver.Inbound.IsEmpty)
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
            || _link.PeerPattern == PatternKind.Receiver
            || !_endpoint.Profile.Accepts(header.Kind)
            || (header.HeadLength > 0 && !IsPlainHead(header, body))
            || !_sender.TryNoteAck(header.Ack, me))
        {
            return null;
        }

        MessageCore message;
        if (input.IsWorthLending(body.Length))
        {
            message = MessageCore.Rent(_link, input.Lend(header, body.Length));
        }
        else
        {
            message = _inHand.Keep(header, body);
            _ = input.TryPass(body.Length);
            _takenInRow++;
        }

        _receiver.Inbound.Window.ReceiveAndConsume(header.Length);
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
        if (_link.State != LinkState.Up
            || _pause.IsPaused
            || _heartbeat is not null
            || !_receiver.Inbound.IsEmpty
            || _inHand.Resident is not { } resident)
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

        if (!resident.IsPlainlyBack(body.Length) || (ack != _sender.Window.Acknowledged && !_sender.TryNoteAck(ack, me)))
        {
            return null;
        }

        resident.ReusePlain(body);
        _ = _memoryInput.TryPass(body.Length);
        _hasLingered = false;
        _takenInRow++;
        _receiver.Inbound.Window.ReceiveAndConsume(body.Length);
        return resident;
    }

    /// <summary>Takes the acknowledgements that lie next. False when something else does. As <see cref="TryPull"/>.</summary>
    public bool PullAcks(int me)
    {
        while (_memoryInput is { } input
            && _link.State == LinkState.Up
            && !_pause.IsPaused
            && _receiver.Inbound.Arrived == 0
            && input.TryPeek(out MessageHeader header, out ReadOnlySpan<byte> body))
        {
            if (header.Kind != MessageKind.Ack || header.HeadLength > 0 || !_sender.TryNoteAck(header.Ack, me))
            {
                return false;
            }

            _ = input.TryPass(body.Length);
            _heartbeat?.Hear();
        }

        return true;
    }

    /// <summary>Whether a head has nothing that concerns the link: that of a request, with the time that its sender waits.</summary>
    private static bool IsPlainHead(in MessageHeader header, ReadOnlySpan<byte> body)
    {
        ReadOnlySpan<byte> head = body[..Math.Min(header.HeadLength, body.Length)];
        return header.Kind == MessageKind.Request
            && header.HeadLength == head.Length
            && HeadReader.IsWellFormed(head, out _)
            && !HeadReader.TryGet(head, HeadField.Missed, out ReadOnlySpan<byte> _);
    }

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
            || header.Ack != _sender.Window.Acknowledged)
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
        _receiver.Inbound.Window.ReceiveAndConsume(header.Length);
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
            || !broadcasts.TryTakePublished(_knownHead.Head, _sender.Window.Acknowledged, resident.Own, out int length))
        {
            return null;
        }

        resident.ReusePublished(_knownHead.Head.Length, length);
        _hasLingered = false;
        _takenInRow++;
        _receiver.Inbound.Window.ReceiveAndConsume(length);
        return resident;
    }
}
