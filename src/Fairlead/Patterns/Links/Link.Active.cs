using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>Messages that the user has in hand and whose senders wait for an answer.</content>
internal sealed partial class Link
{
    private readonly MessagesInHand _inHand;

    /// <summary>A message whose sender waits for an answer is handed out.</summary>
    public void AddActive(MessageCore message) => _inHand.Add(message);

    /// <summary>The user has answered, or let go.</summary>
    public void RemoveActive(MessageCore message)
    {
        _inHand.Remove(message);
        if (_state == LinkState.PeerClosed || _endpoint.IsClosing)
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
        if (_inbound.DropArrived(id, out MessageKind kind) || _endpoint.Receivers.TryDrop(this, id, out kind))
        {
            if (isRecalled && kind == MessageKind.Deliver)
            {
                SendReceipt(id, ReceiptStatus.TakenBack, null);
            }

            AfterHandOver(MessageKind.Cancel);
            return;
        }

        _inHand.Find(id)?.CancelFor(this, id, isTakenBack: true);
    }

    /// <summary>The peer is gone: nobody waits for what the user has in hand.</summary>
    private void CancelActive()
    {
        foreach (MessageCore message in _inHand.TakeAll())
        {
            message.CancelFor(this, message.Id, isTakenBack: false);
        }
    }
}
