using Fairlead.Framing;
using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Sending;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Receiving;

/// <summary>Handles the messages from the peer: wake → lease → pattern → user.</summary>
/// <remarks>
/// Owns the unread messages, the messages in the user's hands, and the counts of dropped messages that the peer has reported. The thread
/// that pumps the endpoint calls it. An exception ends the link (<c>Link.Fail</c>). Messages for the user
/// are under the endpoint's gate. Any thread may acknowledge.
/// </remarks>
internal sealed partial class LinkReceiver
{
    /// <summary>The reads of one link before another link is served.</summary>
    private const int FillsPerTurn = 4;

    private readonly PeerLink _link;
    private readonly IReceiverOwner _owner;
    private readonly ReceiveSide _side;
    private readonly LinkSender _sender;
    private readonly LinkCalls _calls;
    private readonly LinkAnswers _answers;
    private readonly ReadPause _pause;
    private readonly EndpointContext _endpoint;
    private readonly Connection _connection;
    private readonly BroadcastInput? _broadcasts;
    private readonly bool _isOfBridge;
    private MissedMessages _missed;
    private bool _hasNewCredit;
    private bool _hasPart;

    /// <param name="link">The link.</param>
    /// <param name="owner">Gets what has arrived, and what the peer says of itself.</param>
    /// <param name="side">The unread messages.</param>
    /// <param name="inHand">The messages that the user has.</param>
    /// <param name="sender">The sending side.</param>
    /// <param name="calls">Get the answers.</param>
    /// <param name="answers">Sends receipts and acknowledgements.</param>
    /// <param name="pause">Whether the peer is read from.</param>
    public LinkReceiver(
        PeerLink link,
        IReceiverOwner owner,
        ReceiveSide side,
        MessagesInHand inHand,
        LinkSender sender,
        LinkCalls calls,
        LinkAnswers answers,
        ReadPause pause)
    {
        _link = link;
        _owner = owner;
        _side = side;
        InHand = inHand;
        _sender = sender;
        _calls = calls;
        _answers = answers;
        _pause = pause;
        _endpoint = link.Endpoint;
        _connection = link.Connection;
        _isOfBridge = _connection is IBridged { IsToBridge: true };
        _broadcasts = link.Memory?.Broadcasts;
    }

    /// <summary>The link.</summary>
    public PeerLink PeerLink => _link;

    /// <summary>The number of queued messages. Under the endpoint's gate.</summary>
    public int InboundCount => ReceiveQueue.Count;

    /// <summary>The queue of messages for the user. Under the endpoint's gate.</summary>
    public ref ReceiveQueue ReceiveQueue => ref _side.ReceiveQueue;

    /// <summary>The messages that the user has and whose senders wait for an answer.</summary>
    public MessagesInHand InHand { get; }

    /// <summary>Whether this link is in the endpoint's queue of links with messages. Under the gate.</summary>
    public bool IsReady { get; set; }

    /// <summary>Whether it is there though it is down. Under the gate.</summary>
    public bool IsLost { get; set; }

    /// <summary>The turns of the client that it belongs to, from its first message on. Under the gate.</summary>
    public ClientTurn? Client { get; set; }

    /// <summary>The messages taken in this link's turn of the round robin. Under the gate.</summary>
    public int Turn { get; set; }

    /// <summary>Reads available data, handles control messages, and queues the others for the user.</summary>
    public void Receive(Completions completions)
    {
        FillResult fill = FillResult.Drained;
        int wanted = _owner.MessagesWanted;
        for (int i = 0; i < FillsPerTurn && _link.State != LinkState.Down; i++)
        {
            fill = _connection.Fill();
            while (_connection.TryTake(out Incoming message))
            {
                Handle(ref message, completions);
                if (ReceiveQueue.Arrived >= wanted && !_connection.HasPart)
                {
                    // Waiting callers take the other messages one by one from the connection's memory; messages joined from pieces are not
                    // there.
                    i = FillsPerTurn;
                    break;
                }
            }

            if (fill != FillResult.More || (_link.IsRaw && ReceiveQueue.Count + ReceiveQueue.Arrived >= _endpoint.Settings.Messages))
            {
                break;
            }
        }

        _link.Heartbeat?.Hear();
        PublishArrived(completions);
        int dropped = _connection.TakeDropped(out long skipped);
        for (; dropped > 0; dropped--)
        {
            _endpoint.DropReport.Count();
        }

        _endpoint.CountSkippedBytes(skipped);
        if (_broadcasts is not null && _broadcasts.TakeIsToBePublished())
        {
            Acknowledge();
        }

        if (_hasNewCredit)
        {
            _hasNewCredit = false;
            _owner.OnCredit();
        }

        NotePart(_connection.HasPart);
        if (fill is FillResult.End or FillResult.Broken)
        {
            _owner.OnEnd(fill == FillResult.End, completions);
        }
    }

    /// <summary>Notes whether a message is partly read. The rest is read even without a waiting user, because its sender waits.</summary>
    public void NotePart(bool hasPart)
    {
        if (hasPart != _hasPart && (!hasPart || _link.State != LinkState.Down))
        {
            _hasPart = hasPart;
            _endpoint.Pump.AwaitedEvents.CountPart(hasPart ? +1 : -1);
        }
    }

    /// <summary>Removes and returns the next message for the user. Under the endpoint's gate.</summary>
    public Incoming Dequeue()
    {
        Incoming message = ReceiveQueue.Dequeue();
        if (message.Header.Kind.IsData() && (message.Header.Flags & MessageFlags.Handle) != 0 && _endpoint.Settings.Handles > 0)
        {
            _link.HandleWindow.CountOut();
        }

        return message;
    }

    /// <summary>Hands arrived messages to waiting receivers, or queues them.</summary>
    public void PublishArrived(Completions completions)
    {
        if (ReceiveQueue.Arrived == 0)
        {
            return;
        }

        _owner.Publish(completions);
        if (_link.IsRaw && (ReceiveQueue.Bytes >= _endpoint.Settings.Capacity || ReceiveQueue.Count >= _endpoint.Settings.Messages))
        {
            _pause.Begin();

            // Meanwhile the user may have taken all messages and found nothing to resume.
            _pause.ResumeIfPaused();
        }
    }

    /// <summary>Adds a message whose sender waits for an answer and that is being handed out.</summary>
    public void AddActive(MessageCore message) => InHand.Add(message);

    /// <inheritdoc cref="MessagesInHand.Settle"/>
    public void RemoveActive(MessageCore message) => InHand.Settle(message);

    /// <inheritdoc cref="ReadPause.MayHandOut"/>
    public bool MayHandOut(bool tells) => _pause.MayHandOut(tells);

    /// <summary>Handles a cancellation: drops an unread message, and cancels one in the user's hands.</summary>
    /// <remarks>A peer that recalls a message still waits, and gets a receipt if the message was unread.</remarks>
    private void OnCancel(uint id, bool isRecalled)
    {
        // A recall applies to a Deliver only. For a Request it cancels without a receipt, because a receipt cannot answer a request.
        if (ReceiveQueue.DropArrived(id, out MessageKind kind) || _owner.TryDrop(id, out kind))
        {
            if (isRecalled && kind == MessageKind.Deliver)
            {
                _answers.SendReceiptOfPump(id, ReceiptStatus.TakenBack, null);
            }

            AfterHandOver(MessageKind.Cancel);
            return;
        }

        InHand.Find(id)?.CancelFor(_link, id, isTakenBack: true);
    }

    /// <summary>Cancels the messages in the user's hands, because the peer is gone.</summary>
    public void CancelActive()
    {
        foreach (MessageCore message in InHand.TakeAll())
        {
            message.CancelFor(_link, message.Id, isTakenBack: false);
        }
    }
}
