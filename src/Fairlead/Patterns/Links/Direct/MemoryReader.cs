using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Sending;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Direct;

/// <summary>The fast path of receiving: hands out messages directly from memory that the peer shares.</summary>
/// <remarks>
/// Published messages come from memory that many processes read. This type also announces sleeps to the peer. It owns what it knows of the
/// stream: the number of messages in a row, and the head of the previous message. Under the endpoint's gate while no thread pumps, unless a
/// member says otherwise.
/// </remarks>
internal sealed class MemoryReader : WaitedMemory
{
    /// <summary>This many messages in a row, with nothing sent between, are a stream.</summary>
    private const int StreamLength = 64;

    /// <summary>The spins of a batching delay, about 4 µs.</summary>
    private const int LingerSpins = 120;

    private readonly PeerLink _link;
    private readonly LinkReceiver _receiving;
    private readonly ReceiveSide _receiver;
    private readonly MessagesInHand _inHand;
    private readonly ReadPause _pause;
    private readonly LinkSender _sender;
    private readonly EndpointContext _endpoint;
    private readonly Heartbeat? _heartbeat;
    private readonly SleepAnnouncer? _sleep;
    private readonly MemoryInput? _memoryInput;
    private readonly MemoryOutput? _memoryOutput;
    private readonly BroadcastInput? _broadcasts;
    private readonly bool _takesPlain;
    private readonly bool _isLatency;

    private bool _hasLingered;
    private KnownHead _knownHead;

    /// <param name="link">The link.</param>
    /// <param name="receiving">Handles what is not taken here.</param>
    /// <param name="receiver">The receiving side.</param>
    /// <param name="sender">The sending side.</param>
    /// <param name="pause">Whether the peer is read from.</param>
    public MemoryReader(PeerLink link, LinkReceiver receiving, ReceiveSide receiver, LinkSender sender, ReadPause pause)
    {
        _link = link;
        _receiving = receiving;
        _receiver = receiver;
        _inHand = receiving.InHand;
        _pause = pause;
        _sender = sender;
        _endpoint = link.Endpoint;
        _heartbeat = link.Heartbeat;
        _sleep = link.Connection.Sleep;
        _memoryInput = link.Memory?.Input;
        _memoryOutput = link.Memory?.Output;
        _broadcasts = link.Memory?.Broadcasts;
        _takesPlain = _endpoint.Profile.Accepts(MessageKind.Send);
        _isLatency = _endpoint.Settings.WaitStrategy == WaitStrategy.Latency;
    }

    /// <summary>Whether the peer streams, which makes a batching delay worthwhile.</summary>
    public bool IsStreaming => _receiver.TakenInRow >= StreamLength && _memoryInput!.IsDrained && !_isLatency;

    /// <inheritdoc/>
    public override MemorySleep Sleep => _link.Memory!.Sleep;

    /// <inheritdoc/>
    public override bool HasArrived => !_pause.IsPaused && _sleep!.HasArrived;

    /// <inheritdoc/>
    public override bool PrepareWait()
    {
        _receiving.AcknowledgeBeforeSleep();
        return _sleep!.PrepareWait() || _pause.IsPaused;
    }

    /// <inheritdoc/>
    public override void EndWait() => _sleep!.EndWait();

    /// <inheritdoc/>
    public override void AcknowledgeBeforeSleep() => _receiving.AcknowledgeBeforeSleep();

    /// <inheritdoc/>
    public override void Release()
    {
        using (_sender.Hold())
        {
            _link.Connection.Dispose();
        }
    }

    /// <inheritdoc/>
    public override void Fail(Exception exception) => _link.Fail(exception);

    /// <inheritdoc/>
    public override bool MayShareProcessor(bool withReaders) =>
        _memoryOutput is { } output && (output.TakeHasWoken() || (withReaders && _broadcasts is { HasJoined: true }));

    /// <summary>Delays a poll for published messages of a streaming peer, so that several messages accumulate.</summary>
    /// <remarks>
    /// A reader that polls for every single message fetches the position's cache line each time, which costs the peer many times as much as
    /// the message. If nothing arrives during the delay, it was not a stream. Called by a polling thread.
    /// </remarks>
    public void Linger()
    {
        if (_broadcasts is { HasJoined: true })
        {
            // Other readers of the same memory may wait for this CPU. While they read, many messages accumulate.
            Thread.Yield();
            if (_sleep!.HasArrived)
            {
                return;
            }
        }

        Thread.SpinWait(LingerSpins);
        _hasLingered = true;
    }

    /// <summary>Takes the next message directly from the connection's memory, if it is short and none lies before it.</summary>
    /// <remarks>
    /// <see cref="LinkReceiver.Receive"/> handles everything else: answers, ends and errors. Under the endpoint's gate while no thread
    /// pumps.
    /// </remarks>
    public MessageCore? TryReceiveDirect(int me)
    {
        if (_memoryInput is not { } input || _link.State != LinkState.Up || _pause.IsPaused || !_receiver.ReceiveQueue.IsEmpty)
        {
            return null;
        }

        if (_broadcasts is not null)
        {
            return TryReceivePublished(input);
        }

        if (!input.TryPeek(out MessageHeader header, out ReadOnlySpan<byte> body))
        {
            _receiver.TakenInRow = _hasLingered ? 0 : _receiver.TakenInRow;
            _hasLingered = false;
            return null;
        }

        _hasLingered = false;

        // With nothing unread, the message is within its sender's credit. A sender that waits for a receipt needs an acknowledgement first.
        if (header.Kind == MessageKind.Deliver
            || _link.PeerPattern == PatternKind.Receiver
            || !_endpoint.Profile.Accepts(header.Kind)
            || (header.HeadLength > 0 && !IsPlainHead(header, body))
            || !_sender.TryNoteAck(header.Ack, me))
        {
            return null;
        }

        MessageCore message = _inHand.Take(input, header, body, out bool isCopied);
        if (isCopied)
        {
            _receiver.TakenInRow++;
        }

        _receiver.ReceiveQueue.Window.ReceiveAndConsume(header.Length);
        _heartbeat?.Hear();
        return message;
    }

    /// <summary>Takes the next message if it has no head, or is published with the same head as the previous one.</summary>
    /// <remarks>
    /// Returns null without a change if anything is unusual; <see cref="TryReceiveDirect"/> then finds out what. Same lock as there;
    /// nothing here throws.
    /// </remarks>
    /// <param name="me">The calling thread.</param>
    /// <param name="looks">
    /// Whether to poll for published messages in any case. Otherwise, in a stream, the receiver first has to delay.
    /// </param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public MessageCore? TryReceivePlain(int me, bool looks)
    {
        if (_link.State != LinkState.Up
            || _pause.IsPaused
            || _heartbeat is not null
            || !_receiver.ReceiveQueue.IsEmpty
            || _inHand.Cached is not { } resident)
        {
            return null;
        }

        if (_broadcasts is { } broadcasts)
        {
            return TryReceiveAsBefore(resident, broadcasts);
        }

        looks |= _receiver.TakenInRow < StreamLength || _isLatency;
        if (!_takesPlain || !_memoryInput!.TryPeekPlain(looks, out uint ack, out ReadOnlySpan<byte> body))
        {
            return null;
        }

        if (!resident.IsPlainlyBack(body.Length) || (ack != _sender.Window.Acknowledged && !_sender.TryNoteAck(ack, me)))
        {
            return null;
        }

        resident.ReusePlain(body);
        _ = _memoryInput.TryAdvance(body.Length);
        _hasLingered = false;
        _receiver.TakenInRow++;
        _receiver.ReceiveQueue.Window.ReceiveAndConsume(body.Length);
        return resident;
    }

    /// <summary>Takes the acknowledgements that come next. Returns false at other data.</summary>
    /// <remarks>Same lock as <see cref="TryReceiveDirect"/>.</remarks>
    public bool ReadAcks(int me)
    {
        while (_memoryInput is { } input
            && _link.State == LinkState.Up
            && !_pause.IsPaused
            && _receiver.ReceiveQueue.Arrived == 0
            && input.TryPeek(out MessageHeader header, out ReadOnlySpan<byte> body))
        {
            if (header.Kind != MessageKind.Ack || header.HeadLength > 0 || !_sender.TryNoteAck(header.Ack, me))
            {
                return false;
            }

            _ = input.TryAdvance(body.Length);
            _heartbeat?.Hear();
        }

        return true;
    }

    /// <summary>Returns whether a head needs no handling, like that of a request with only its sender's timeout.</summary>
    private static bool IsPlainHead(in MessageHeader header, ReadOnlySpan<byte> body)
    {
        ReadOnlySpan<byte> head = body[..Math.Min(header.HeadLength, body.Length)];
        return header.Kind == MessageKind.Request
            && header.HeadLength == head.Length
            && HeadReader.IsWellFormed(head, out _)
            && !HeadReader.TryGet(head, HeadField.Missed, out ReadOnlySpan<byte> _);
    }

    /// <summary>Takes a published message. Same lock as <see cref="TryReceiveDirect"/>.</summary>
    /// <remarks>
    /// Only the final check shows that the publisher has not overwritten the copied data. Until then all of it may be wrong.
    /// </remarks>
    private MessageCore? TryReceivePublished(MemoryInput input)
    {
        if (!input.TryPeek(out MessageHeader header, out ReadOnlySpan<byte> body))
        {
            _receiver.TakenInRow = _hasLingered ? 0 : _receiver.TakenInRow;
            _hasLingered = false;
            return null;
        }

        _hasLingered = false;
        if (header.Kind != MessageKind.Publish
            || header.HeadLength > body.Length
            || !_endpoint.Profile.Accepts(header.Kind)
            || header.Ack != _sender.Window.Acknowledged
            || _receiving.MissedBehind > 0)
        {
            return null;
        }

        MessageCore message = _inHand.Keep(header, body);
        if (!_knownHead.IsPlain(message.Head) || !input.TryAdvance(body.Length))
        {
            message.Release(message.Version, null);
            return null;
        }

        _receiver.TakenInRow++;
        _receiver.ReceiveQueue.Window.ReceiveAndConsume(header.Length);
        _heartbeat?.Hear();
        return message;
    }

    /// <summary>Takes the next message from memory that many read, if its head is the same as the previous one's.</summary>
    /// <remarks>Same conditions as <see cref="TryReceivePlain"/>.</remarks>
    private MessageCore? TryReceiveAsBefore(MessageCore resident, BroadcastInput broadcasts)
    {
        if (!_knownHead.Any
            || !resident.IsPlainlyBack(0)
            || !broadcasts.TryTakePublished(_knownHead.Head, _sender.Window.Acknowledged, resident.Own, out int length))
        {
            return null;
        }

        resident.ReusePublished(_knownHead.Head.Length, length);
        _hasLingered = false;
        _receiver.TakenInRow++;
        _receiver.ReceiveQueue.Window.ReceiveAndConsume(length);
        return resident;
    }
}
