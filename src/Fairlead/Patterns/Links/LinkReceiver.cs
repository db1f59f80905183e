using Fairlead.Framing;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>Handles the messages from the peer: wake → lease → pattern → user.</summary>
/// <remarks>
/// Owns the unread messages, the messages in the user's hands, and the counts of dropped messages that the peer has reported. The thread
/// that pumps the endpoint calls it. An exception ends the link (<see cref="Link.Fail(Exception, Completions)"/>). Messages for the user
/// are under the endpoint's gate. Any thread may acknowledge.
/// </remarks>
internal sealed partial class LinkReceiver
{
    private const int AcksPerWindow = 4;
    private const int TellsPerWindow = 16;

    /// <summary>The reads of one link before another link is served.</summary>
    private const int FillsPerTurn = 4;

    private readonly Link _link;
    private readonly EndpointCore _endpoint;
    private readonly Connection _connection;
    private readonly BroadcastInput? _broadcasts;
    private readonly MessagesInHand _inHand;
    private readonly bool _isOfBridge;
    private ReceiveQueue _inbound;
    private MissedMessages _missed;
    private bool _hasNewCredit;
    private bool _hasPart;

    public LinkReceiver(Link link)
    {
        _link = link;
        _endpoint = link.Endpoint;
        _connection = link.Connection;
        _isOfBridge = _connection is IBridged { IsToBridge: true };
        _broadcasts = link.Memory?.Broadcasts;
        _inHand = new MessagesInHand(link);

        // A publisher polls for acknowledgements, which costs almost nothing, and meanwhile has others that wait for it.
        int tells = _broadcasts is not null ? TellsPerWindow : AcksPerWindow;
        _inbound = new ReceiveQueue(
            new ReceiveWindow(_endpoint.Settings.Messages, _endpoint.Settings.Capacity, tells)
            {
                Held = _endpoint.Settings.HoldsBack ? new HeldBack() : null,
            });
    }

    /// <summary>The number of queued messages. Under the endpoint's gate.</summary>
    public int InboundCount => _inbound.Count;

    /// <summary>The queue of messages for the user. Under the endpoint's gate.</summary>
    public ref ReceiveQueue Inbound => ref _inbound;

    /// <summary>The messages that the user has and whose senders wait for an answer.</summary>
    public MessagesInHand InHand => _inHand;

    /// <summary>Whether this link is in the endpoint's queue of links with messages. Under the gate.</summary>
    public bool IsReady { get; set; }

    /// <summary>The messages taken in this link's turn of the round robin. Under the gate.</summary>
    public int Turn { get; set; }

    /// <summary>Reads available data, handles control messages, and queues the others for the user.</summary>
    public void Receive(Completions completions)
    {
        FillResult fill = FillResult.Drained;
        int wanted = _endpoint.Receivers.MessagesWanted();
        for (int i = 0; i < FillsPerTurn && _link.State != LinkState.Down; i++)
        {
            fill = _connection.Fill();
            while (_connection.TryTake(out Incoming message))
            {
                Handle(ref message, completions);
                if (_inbound.Arrived >= wanted && !_connection.HasPart)
                {
                    // Waiting callers take the other messages one by one from the connection's memory; messages joined from pieces are not
                    // there.
                    i = FillsPerTurn;
                    break;
                }
            }

            if (fill != FillResult.More || (_link.IsBare && _inbound.Count + _inbound.Arrived >= _endpoint.Settings.Messages))
            {
                break;
            }
        }

        _link.Heartbeat?.Hear();
        PublishArrived(completions);
        int dropped = _connection.TakeDropped(out long skipped);
        for (; dropped > 0; dropped--)
        {
            _endpoint.Drops.Count();
        }

        _endpoint.CountSkippedBytes(skipped);
        if (_broadcasts is not null && _broadcasts.TakeIsToBeTold())
        {
            Acknowledge();
        }

        if (_hasNewCredit)
        {
            _hasNewCredit = false;
            _endpoint.Owner.OnCredit(_link);
        }

        NotePart(_connection.HasPart);
        if (fill is FillResult.End or FillResult.Broken)
        {
            _link.OnEnd(fill == FillResult.End, completions);
        }
    }

    /// <summary>Notes whether a message is partly read. The rest is read even without a waiting user, because its sender waits.</summary>
    public void NotePart(bool hasPart)
    {
        if (hasPart != _hasPart && (!hasPart || _link.State != LinkState.Down))
        {
            _hasPart = hasPart;
            _endpoint.Pump.Awaited.CountPart(hasPart ? +1 : -1);
        }
    }

    /// <summary>Removes and returns the next message for the user. Under the endpoint's gate.</summary>
    public Incoming Dequeue()
    {
        Incoming message = _inbound.Dequeue();
        if (message.Header.Kind.IsData() && (message.Header.Flags & MessageFlags.Handle) != 0 && _endpoint.Settings.Handles > 0)
        {
            _link.Handles.CountOut();
        }

        return message;
    }

    /// <summary>Hands arrived messages to waiting receivers, or queues them.</summary>
    public void PublishArrived(Completions completions)
    {
        if (_inbound.Arrived == 0)
        {
            return;
        }

        _endpoint.Receivers.Publish(_link, completions);
        if (_link.IsBare && (_inbound.Bytes >= _endpoint.Settings.Capacity || _inbound.Count >= _endpoint.Settings.Messages))
        {
            _link.Pause.Begin();

            // Meanwhile the user may have taken all messages and found nothing to resume.
            _link.Pause.ResumeIfPaused();
        }
    }

    /// <summary>Adds a message whose sender waits for an answer and that is being handed out.</summary>
    public void AddActive(MessageCore message) => _inHand.Add(message);

    /// <summary>Removes a message that the user has answered or released.</summary>
    public void RemoveActive(MessageCore message)
    {
        _inHand.Remove(message);
        if (_link.State == LinkState.PeerClosed || _endpoint.IsClosing)
        {
            _endpoint.Pump.RequestTurn();
        }
    }

    /// <summary>Handles a cancellation: drops an unread message, and cancels one in the user's hands.</summary>
    /// <remarks>A peer that recalls a message still waits, and gets a receipt if the message was unread.</remarks>
    private void OnCancel(uint id, bool isRecalled)
    {
        // A recall applies to a Deliver only. For a Request it cancels without a receipt, because a receipt cannot answer a request.
        if (_inbound.DropArrived(id, out MessageKind kind) || _endpoint.Receivers.TryDrop(_link, id, out kind))
        {
            if (isRecalled && kind == MessageKind.Deliver)
            {
                _link.Answers.SendReceiptOfPump(id, ReceiptStatus.TakenBack, null);
            }

            AfterHandOver(MessageKind.Cancel);
            return;
        }

        _inHand.Find(id)?.CancelFor(_link, id, isTakenBack: true);
    }

    /// <summary>Cancels the messages in the user's hands, because the peer is gone.</summary>
    public void CancelActive()
    {
        foreach (MessageCore message in _inHand.TakeAll())
        {
            message.CancelFor(_link, message.Id, isTakenBack: false);
        }
    }
}
