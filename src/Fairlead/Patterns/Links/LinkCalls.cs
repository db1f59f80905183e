using Fairlead.Framing;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>The calls of a link: messages whose senders wait for a receipt or a reply.</summary>
/// <remarks>
/// Owns those that are pending, under the link's send lock. They begin in <see cref="LinkSender"/>; answers come from
/// <see cref="LinkReceiver"/>, by the pump. A call that goes the short way has its request with the peer before anything is noted of it,
/// and its caller, which alone waits here, looks for the reply itself; until then it stands apart (<see cref="PendingCalls"/>).
/// </remarks>
internal sealed unsafe class LinkCalls
{
    private readonly Link _link;
    private readonly LinkOutput _output;
    private readonly EndpointCore _endpoint;
    private readonly LinkSender _sender;
    private readonly LinkReceiver _receiver;
    private readonly MemoryOutput? _memoryOutput;
    private readonly MemoryInput? _memoryInput;

    private readonly PendingCalls _calls = new();

    public LinkCalls(Link link)
    {
        _link = link;
        _output = link.Output;
        _endpoint = link.Endpoint;
        _sender = link.Sending;
        _receiver = link.Receiving;
        _memoryOutput = link.Memory?.Output;
        _memoryInput = link.Memory?.Input;
    }

    /// <summary>Under the send lock.</summary>
    public PendingCalls Pending => _calls;

    /// <summary>Asks, if that goes at once and no other call stands apart. Null: nothing was done.</summary>
    /// <param name="flags">Of the request.</param>
    /// <param name="head">What stands before it.</param>
    /// <param name="payload">Stays where it is until the operation has ended, <see cref="TryPullReply"/> has found the reply, or
    /// <see cref="Join"/>.</param>
    /// <param name="length">Of the payload.</param>
    /// <param name="deadline">When its caller gives up.</param>
    /// <param name="me">The calling thread.</param>
    public LinkOperation? TryAskShort(MessageFlags flags, ReadOnlySpan<byte> head, byte* payload, int length, Deadline deadline, int me)
    {
        using (_sender.HoldPlain(me))
        {
            if (!_sender.IsPlain
                || !_calls.HasPlaceApart
                || length >= LinkOutput.LongPayload
                || !_sender.HasCreditAtOnce(head.Length + length))
            {
                return null;
            }

            if (!_calls.TryTakeId(out uint id))
            {
                return null;
            }

            MessageHeader header = new()
            {
                Kind = MessageKind.Request,
                Flags = flags,
                HeadLength = (ushort)head.Length,
                Length = head.Length + length,
                Id = id,
                Ack = _receiver.Inbound.Window.Consumed,
            };
            if (!_memoryOutput!.TrySend(header, head, new ReadOnlySpan<byte>(payload, length)))
            {
                return null;
            }

            _sender.NoteSent(header.Ack, header.Length, length);
            return _calls.KeepApart(_link, header, head, payload, length, _sender.Window.LastNumber, deadline);
        }
    }

    /// <summary>A call that stands apart goes on as any other: its caller's memory is free from now on.</summary>
    public void Join()
    {
        using (_sender.Hold())
        {
            _calls.Join();
        }
    }

    /// <summary>
    /// Takes the reply to a call that stands apart, if it lies there next. Else the call goes on as any other. Under the endpoint's gate
    /// while nobody pumps.
    /// </summary>
    public MessageCore? TryPullReply(LinkOperation call, int me)
    {
        if (_link.State != LinkState.Up
            || _link.Pause.IsPaused
            || _receiver.Inbound.Arrived > 0
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
            if (!_calls.IsApart(call) || !_sender.TryNoteAck(header.Ack))
            {
                return null;
            }

            _calls.TakeApart();
        }

        MessageCore reply;
        if (input.IsWorthLending(body.Length))
        {
            reply = MessageCore.Rent(_link, input.Lend(header, body.Length));
        }
        else
        {
            reply = _receiver.InHand.Keep(header, body);
            _ = input.TryPass(body.Length);
        }

        _link.Heartbeat?.Hear();
        return reply;
    }

    /// <summary>
    /// Asks the peer to give a message back that its user has not read; a receipt says so. While it was read nothing happens, and it is
    /// waited for as before. By its caller, or, once the caller has given it up, by its number alone.
    /// </summary>
    public void Recall(uint id, LinkOperation? caller = null)
    {
        bool needsPump = false;
        using (_sender.Hold())
        {
            // A work queue acknowledges what it has, and has it until a worker has it.
            if (_link.State is LinkState.Up or LinkState.PeerClosed
                && !_output.IsBroken
                && !_link.IsBare
                && _calls.TryGet(id, out LinkOperation? call)
                && (caller is null || call == caller)
                && !(call == _output.Writing && _link.Connection.HasLong)
                && call.Header.Kind == MessageKind.Deliver
                && (_link.PeerPattern == PatternKind.WorkQueue || !IsAcknowledged(call)))
            {
                MessageHeader recall = MessageHeader.Of(MessageKind.Cancel, id, MessageFlags.Recall);
                _output.Commit(ref recall, default, default);
                needsPump = _output.FlushNow();
            }
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }
    }

    /// <summary>A receipt, a reply or an error has come. Takes the lease of the message where its call takes it. By the pump.</summary>
    public void OnAnswer(ref Incoming message, Completions completions)
    {
        using (_sender.Hold())
        {
            _output.CompleteWriting(completions);

            // Answers to calls whose callers have gone are dropped here.
            if (_calls.TryGet(message.Header.Id, out LinkOperation? call))
            {
                // Judged before it is taken out: a call whose answer is refused ends with its link.
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
                if (call.TryComplete(
                    new LinkResult
                    {
                        Outcome = LinkOutcome.Answered,
                        Link = _link,
                        WasSent = true,
                        WasRead = !isTakenBack,
                        Answer = message,
                    }))
                {
                    message.Lease = null;
                    completions.Add(call);
                }
            }
        }
    }

    /// <summary>Whether the user of the peer has been handed its message. Under the send lock.</summary>
    public bool IsAcknowledged(LinkOperation call) => call.Header.Kind.IsData() && _sender.Window.IsAcknowledged(call.Number);

    /// <summary>
    /// The peer has said its last word: what it has not acknowledged by then it has not handed out, and never will. Under the send lock.
    /// </summary>
    public void EndUnread(Completions completions)
    {
        foreach (LinkOperation call in _calls
            .InOrder()
            .Where(call => call != _output.Writing && call.Header.Kind.IsData() && !IsAcknowledged(call)))
        {
            _calls.Remove(call.Header.Id);
            EndCall(call, wasRead: false, completions);
        }
    }

    /// <summary>The link is over: each call ends, or goes to another link. Under the send lock.</summary>
    public void EndCalls(LinkEnd end, Completions completions)
    {
        LinkOperation? halfWritten = _output.EndWriting(completions);

        foreach (LinkOperation call in _calls.InOrder())
        {
            // What the peer has not acknowledged it has not handed out: of type 2 messages that holds whenever all of its words have been
            // read, since it acknowledges each before; of the others only when it closed in order.
            bool isKnownUnread = call == halfWritten
                || _sender.Window.IsHalfWritten(call.Header.Id)
                || (!IsAcknowledged(call) && (end.IsExact || (end.HasReadAll && call.Header.Kind == MessageKind.Deliver)));
            EndCall(call, wasRead: !isKnownUnread, completions);
        }

        _calls.Clear();
    }

    private void EndCall(LinkOperation call, bool wasRead, Completions completions)
    {
        if (call.Header.Kind == MessageKind.Request && _sender.MayMove(call, wasRead))
        {
            call.MayHaveBeenRead |= wasRead;
            _sender.SetMoving(call);
            return;
        }

        call.At = LinkOperation.Stage.Ended;
        if (call.TryComplete(call.Unanswered(LinkOutcome.PeerGone, _link, wasSent: true, wasRead)))
        {
            completions.Add(call);
        }
    }
}
