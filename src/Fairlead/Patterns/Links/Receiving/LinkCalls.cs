using Fairlead.Framing;
using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Output;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Sending;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Receiving;

/// <summary>The calls of a link: messages whose senders wait for a receipt or a reply.</summary>
/// <remarks>
/// Owns the pending calls, under the link's send lock. Calls begin in <see cref="LinkSender"/>. The pump delivers answers from
/// <see cref="LinkReceiver"/>. On the fast path, the peer has the request before the call is recorded. The caller is then the only one that
/// waits, and polls for the reply itself. Until it stops, the call is kept apart as an inline call (<see cref="PendingCalls"/>).
/// </remarks>
internal sealed unsafe class LinkCalls
{
    private readonly PeerLink _link;
    private readonly LinkOutput _output;
    private readonly LinkSender _sender;
    private readonly ReceiveSide _receiver;
    private readonly MessagesInHand _inHand;
    private readonly ReadPause _pause;
    private readonly MemoryOutput? _memoryOutput;
    private readonly MemoryInput? _memoryInput;
    private readonly PendingCalls _calls;

    /// <param name="link">The link.</param>
    /// <param name="calls">The calls that wait for an answer.</param>
    /// <param name="sender">The sending side.</param>
    /// <param name="receiver">The receiving side.</param>
    /// <param name="inHand">Keeps a reply that is taken out of the peer's memory.</param>
    /// <param name="pause">Whether the peer is read from.</param>
    public LinkCalls(
        PeerLink link, PendingCalls calls, LinkSender sender, ReceiveSide receiver, MessagesInHand inHand, ReadPause pause)
    {
        _link = link;
        _calls = calls;
        _sender = sender;
        _output = sender.Output;
        _receiver = receiver;
        _inHand = inHand;
        _pause = pause;
        _memoryOutput = link.Memory?.Output;
        _memoryInput = link.Memory?.Input;
    }

    /// <summary>The pending calls. Under the send lock.</summary>
    public PendingCalls PendingCalls => _calls;

    /// <summary>Sends a request immediately, if that is possible without another inline call. Returns null if nothing was done.</summary>
    /// <param name="flags">The flags of the request.</param>
    /// <param name="head">The head of the request.</param>
    /// <param name="payload">
    /// The payload. It must stay in place until the operation ends, <see cref="TryReceiveReply"/> finds the reply, or <see cref="Join"/> is
    /// called.
    /// </param>
    /// <param name="length">The length of the payload.</param>
    /// <param name="deadline">When the caller gives up.</param>
    /// <param name="me">The calling thread.</param>
    public LinkOperation? TryRequestDirect(
        MessageFlags flags, ReadOnlySpan<byte> head, byte* payload, int length, Deadline deadline, int me)
    {
        using (_sender.HoldPlain(me))
        {
            if (!_sender.Limits.IsPlain
                || !_calls.HasInlinePlace
                || length >= LinkOutput.LongPayload
                || !_sender.Window.HasCreditAtOnce(head.Length + length))
            {
                return null;
            }

            // Before the header, whose fields a call between them would move from registers to memory.
            uint id = _calls.TakeId();
            MessageHeader header = new()
            {
                Kind = MessageKind.Request,
                Flags = flags,
                HeadLength = (ushort)head.Length,
                Length = head.Length + length,
                Id = id,
                Ack = _receiver.ReceiveQueue.Window.Consumed,
            };
            if (!_memoryOutput!.TrySend(header, head, new ReadOnlySpan<byte>(payload, length), holdsBack: false))
            {
                return null;
            }

            _sender.NoteSent(header.Ack, header.Length, length);
            return _calls.KeepInline(_link, header, head, payload, length, _sender.Window.LastNumber, deadline);
        }
    }

    /// <summary>Turns the inline call into an ordinary pending call. Its caller's memory is free from now on.</summary>
    public void Join()
    {
        using (_sender.Hold())
        {
            _calls.Join();
        }
    }

    /// <summary>Takes the reply to an inline call if it is the next message. Otherwise the call becomes an ordinary one.</summary>
    /// <remarks>Under the endpoint's gate while no thread pumps.</remarks>
    public MessageCore? TryReceiveReply(LinkOperation call, int me)
    {
        if (_link.State != LinkState.Up
            || _pause.IsPaused
            || _receiver.ReceiveQueue.Arrived > 0
            || _memoryInput is not { } input
            || !input.TryPeek(out MessageHeader header, out ReadOnlySpan<byte> body)
            || header.Kind != MessageKind.Reply
            || header.Id != call.Header.Id
            || header.HeadLength > 0)
        {
            return null;
        }

        using (_sender.HoldPlain(me))
        {
            if (!_calls.IsInline(call) || !_sender.TryNoteAck(header.Ack))
            {
                return null;
            }

            _calls.TakeInline();
        }

        MessageCore reply = _inHand.Take(input, header, body, out _);
        _link.Heartbeat?.Hear();
        return reply;
    }

    /// <summary>Asks the peer to return a message that its user has not read. A receipt confirms it.</summary>
    /// <remarks>
    /// If the message has been read, nothing happens, and the wait continues. Called by the caller, or by number alone once the caller has
    /// given up.
    /// </remarks>
    public void Recall(uint id, LinkOperation? caller = null)
    {
        bool needsPump = false;
        using (_sender.Hold())
        {
            // A work queue acknowledges its items, but keeps each one until a worker has it.
            if (_link.State is LinkState.Up or LinkState.PeerClosed
                && !_output.IsBroken
                && !_link.IsRaw
                && _calls.TryGet(id, out LinkOperation? call)
                && (caller is null || call == caller)
                && !(call == _output.Writing && _link.Connection.HasLong)
                && call.Header.Kind == MessageKind.Deliver
                && (_link.PeerPattern == PatternKind.WorkQueue || !_sender.IsAcknowledged(call)))
            {
                MessageHeader recall = MessageHeader.Of(MessageKind.Cancel, id, MessageFlags.Recall);
                _output.Commit(ref recall, default, default);
                needsPump = _output.FlushNow();
            }
        }

        if (needsPump)
        {
            _link.Endpoint.Pump.Request();
        }
    }

    /// <summary>The number of messages that were sent and have no answer. Any thread.</summary>
    public int Count
    {
        get
        {
            using (_sender.Hold())
            {
                return _calls.Count;
            }
        }
    }

    /// <summary>Ends every message that was not sent, and asks the peer to return those that its user has not read.</summary>
    public void RecallAll()
    {
        // Before the peer returns messages: that gives credit, by which these would be sent.
        _sender.EndQueued();
        uint[] ids;
        using (_sender.Hold())
        {
            ids = [.. _calls.InOrder().Select(static call => call.Header.Id)];
        }

        foreach (uint id in ids)
        {
            Recall(id);
        }
    }

    /// <summary>Handles a receipt, a reply or an error. Takes the message's lease if its call takes it. Called by the pump.</summary>
    public void OnAnswer(ref Incoming message, Completions completions)
    {
        using (_sender.Hold())
        {
            _output.CompleteWriting(completions);

            // Answers to calls whose callers are gone are dropped here.
            if (_calls.TryGet(message.Header.Id, out LinkOperation? call))
            {
                // Checked before it is removed: a call whose answer is refused ends with its link.
                if (_output.Writing == call || _sender.Window.IsHalfWritten(message.Header.Id))
                {
                    throw new FairleadException(ErrorCode.Corrupt, "the peer answered a message that it cannot have read yet");
                }

                bool isReceipt = message.Header.Kind == MessageKind.Receipt;
                if (isReceipt == (call.Header.Kind == MessageKind.Request))
                {
                    throw new FairleadException(ErrorCode.Corrupt, $"the peer answered a {call.Header.Kind} with a {message.Header.Kind}");
                }

                _calls.Remove(message.Header.Id);
                bool isTakenBack = isReceipt && message.Payload.Length > 0 && message.Payload.Span[0] == (byte)ReceiptStatus.TakenBack;
                call.At = LinkOperation.Stage.Ended;
                if (call.TryAnswer(_link, ref message, wasRead: !isTakenBack))
                {
                    completions.Add(call);
                }
            }
        }
    }

    /// <summary>Ends unacknowledged calls after the peer's final message: they were not handed out and never will be.</summary>
    /// <remarks>Under the send lock.</remarks>
    public void EndUnread(Completions completions)
    {
        foreach (LinkOperation call in _calls
            .InOrder()
            .Where(call => call != _output.Writing && call.Header.Kind.IsData() && !_sender.IsAcknowledged(call)))
        {
            _calls.Remove(call.Header.Id);
            EndCall(call, wasRead: false, completions);
        }
    }

    /// <summary>Ends each call, or moves it to another link, because this link is over. Under the send lock.</summary>
    public void EndCalls(LinkEnd end, Completions completions)
    {
        LinkOperation? halfWritten = _output.EndWriting(completions);

        foreach (LinkOperation call in _calls.InOrder())
        {
            // An unacknowledged message was not handed out. For type 2 this holds if all the peer's data has been read, because the peer
            // acknowledges each one before handing it out. For other types it holds only if the peer closed in order.
            bool isKnownUnread = call == halfWritten
                || _sender.Window.IsHalfWritten(call.Header.Id)
                || (!_sender.IsAcknowledged(call) && (end.IsExact || (end.HasReadAll && call.Header.Kind == MessageKind.Deliver)));
            EndCall(call, wasRead: !isKnownUnread, completions);
        }

        _calls.Clear();
    }

    private void EndCall(LinkOperation call, bool wasRead, Completions completions)
    {
        if (call.Header.Kind == MessageKind.Request && _sender.MayMove(call, wasRead))
        {
            call.MayHaveBeenRead |= wasRead;
            _sender.SetRequeued(call);
            return;
        }

        call.At = LinkOperation.Stage.Ended;
        if (call.TryComplete(call.Unanswered(LinkOutcome.PeerGone, _link, wasSent: true, wasRead)))
        {
            completions.Add(call);
        }
    }
}
