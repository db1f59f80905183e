using Fairlead.Framing;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>What comes from the peer: wake → lease → pattern → user.</summary>
/// <remarks>
/// Owns the messages that the user has not taken, those that the user has in hand, and what the peer has said that it dropped. Called by
/// the thread that pumps the endpoint; what is thrown on the way ends the link (<see cref="Link.Fail(Exception, Completions)"/>). Messages
/// for the user are under the endpoint's gate. Any thread may acknowledge.
/// </remarks>
internal sealed partial class LinkReceiver
{
    private const int AcksPerWindow = 4;
    private const int TellsPerWindow = 16;

    /// <summary>Reads of one link before another gets its turn.</summary>
    private const int FillsPerTurn = 4;

    private readonly Link _link;
    private readonly EndpointCore _endpoint;
    private readonly Connection _connection;
    private readonly BroadcastInput? _broadcasts;
    private readonly MessagesInHand _inHand;
    private ReceiveQueue _inbound;
    private MissedMessages _missed;
    private bool _hasNewCredit;
    private bool _hasPart;

    public LinkReceiver(Link link)
    {
        _link = link;
        _endpoint = link.Endpoint;
        _connection = link.Connection;
        _broadcasts = link.Memory?.Broadcasts;
        _inHand = new MessagesInHand(link);

        // A publisher looks for itself, which costs next to nothing, and has others that wait for it meanwhile.
        int tells = _broadcasts is not null ? TellsPerWindow : AcksPerWindow;
        _inbound = new ReceiveQueue(new ReceiveWindow(_endpoint.Settings.Messages, _endpoint.Settings.Capacity, tells));
    }

    /// <summary>Messages that lie here for the user. Under the endpoint's gate.</summary>
    public int InboundCount => _inbound.Count;

    /// <summary>What lies here for the user. Under the endpoint's gate.</summary>
    public ref ReceiveQueue Inbound => ref _inbound;

    /// <summary>Messages that the user has, and whose senders wait for an answer.</summary>
    public MessagesInHand InHand => _inHand;

    /// <summary>Whether this link is in the endpoint's queue of links that have messages. Under the gate.</summary>
    public bool IsReady { get; set; }

    /// <summary>Messages taken in this link's turn. Under the gate.</summary>
    public int Turn { get; set; }

    /// <summary>Reads what is there, handles control messages, and queues the others for the user.</summary>
    public void Receive(Completions completions)
    {
        FillResult fill = FillResult.Drained;
        int wanted = _endpoint.Receivers.MessagesWanted;
        for (int i = 0; i < FillsPerTurn && _link.State != LinkState.Down; i++)
        {
            fill = _connection.Fill();
            while (_connection.TryTake(out Incoming message))
            {
                Handle(ref message, completions);
                if (_inbound.Arrived >= wanted && !_connection.HasPart)
                {
                    // Callers that wait take the others one by one from where they lie; what was put together from pieces lies nowhere.
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
        for (int dropped = _connection.TakeDropped(); dropped > 0; dropped--)
        {
            _endpoint.Drops.Count();
        }

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

    /// <summary>Half a message is read on at once, also while no user waits: its sender waits until it is through.</summary>
    public void NotePart(bool hasPart)
    {
        if (hasPart != _hasPart && (!hasPart || _link.State != LinkState.Down))
        {
            _hasPart = hasPart;
            _endpoint.Pump.Awaited.CountPart(hasPart ? +1 : -1);
        }
    }

    /// <summary>The next message for the user. Under the endpoint's gate.</summary>
    public Incoming Dequeue()
    {
        Incoming message = _inbound.Dequeue();
        if (message.Header.Kind.IsData() && (message.Header.Flags & MessageFlags.Handle) != 0 && _endpoint.Settings.Handles > 0)
        {
            _link.Handles.CountOut();
        }

        return message;
    }

    /// <summary>Hands what has arrived to the waiting receivers, or queues it.</summary>
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

            // The user may have taken all of it meanwhile, and found nothing to resume.
            _link.Pause.ResumeIfPaused();
        }
    }

    /// <summary>A message whose sender waits for an answer is handed out.</summary>
    public void AddActive(MessageCore message) => _inHand.Add(message);

    /// <summary>The user has answered, or let go.</summary>
    public void RemoveActive(MessageCore message)
    {
        _inHand.Remove(message);
        if (_link.State == LinkState.PeerClosed || _endpoint.IsClosing)
        {
            _endpoint.Pump.RequestTurn();
        }
    }

    /// <summary>
    /// The peer no longer waits: an unread message is dropped, one in hand is told. If it recalls the message, it waits still, and hears of
    /// it where it was unread.
    /// </summary>
    private void OnCancel(uint id, bool isRecalled)
    {
        // A recall is for a Deliver alone: of a Request it takes the message back, and is not answered, since a receipt answers none.
        if (_inbound.DropArrived(id, out MessageKind kind) || _endpoint.Receivers.TryDrop(_link, id, out kind))
        {
            if (isRecalled && kind == MessageKind.Deliver)
            {
                _link.Answers.SendReceipt(id, ReceiptStatus.TakenBack, null);
            }

            AfterHandOver(MessageKind.Cancel);
            return;
        }

        _inHand.Find(id)?.CancelFor(_link, id, isTakenBack: true);
    }

    /// <summary>The peer is gone: nobody waits for what the user has in hand.</summary>
    public void CancelActive()
    {
        foreach (MessageCore message in _inHand.TakeAll())
        {
            message.CancelFor(_link, message.Id, isTakenBack: false);
        }
    }
}
