using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>Messages that the user has in hand and whose senders wait for an answer.</content>
internal sealed partial class Link
{
    private readonly Lock _activeGate = new();
    private readonly Dictionary<uint, MessageCore> _active = [];

    // Those that come by the short way. Made under the endpoint's gate, seen by the pump.
    private MessageCore[] _residents = [];

    private bool HasActive
    {
        get
        {
            // Entering is a full fence, too: see RemoveActive.
            lock (_activeGate)
            {
                return _active.Count > 0 || Array.Exists(_residents, static resident => resident.IsInHand);
            }
        }
    }

    public void AddActive(MessageCore message)
    {
        lock (_activeGate)
        {
            // A peer that uses an id twice at the same time only confuses itself: the later one gets the cancellations.
            _active[message.Header.Id] = message;
        }
    }

    /// <summary>The user has answered, or let go.</summary>
    public void RemoveActive(MessageCore message)
    {
        if (message.IsResident)
        {
            message.LetGo();

            // Let go before looking, as a closing endpoint, and the end of the peer, are noted before the pump looks for what is in hand: one of the two sees the other.
            Interlocked.MemoryBarrier();
        }
        else
        {
            lock (_activeGate)
            {
                if (_active.TryGetValue(message.Id, out MessageCore? current) && current == message)
                {
                    _active.Remove(message.Id);
                }
            }
        }

        if (_state == LinkState.PeerClosed || _endpoint.IsClosing)
        {
            _endpoint.RequestTurn();
        }
    }

    /// <summary>The peer no longer waits: an unread message is dropped, one in hand is told. If it recalls the message, it waits still, and hears of it where it was unread.</summary>
    private void OnCancel(uint id, bool isRecalled)
    {
        // A recall is for a Deliver alone: of a Request it takes the message back, and is not answered, since a receipt answers none.
        if (DropArrived(id, out MessageKind kind) || _endpoint.TryDrop(this, id, out kind))
        {
            if (isRecalled && kind == MessageKind.Deliver)
            {
                SendReceipt(id, ReceiptStatus.TakenBack, null);
            }

            AfterHandOver(MessageKind.Cancel);
            return;
        }

        MessageCore? message;
        lock (_activeGate)
        {
            _active.TryGetValue(id, out message);
        }

        message ??= Array.Find(_residents, resident => resident.IsInHand && resident.Id == id);
        message?.CancelFor(this, id, isTakenBack: true);
    }

    /// <summary>The peer is gone: nobody waits for what the user has in hand.</summary>
    private void CancelActive()
    {
        MessageCore[] messages;
        lock (_activeGate)
        {
            messages = [.. _active.Values, .. _residents];
            _active.Clear();
        }

        foreach (MessageCore message in messages)
        {
            message.CancelFor(this, message.Id, isTakenBack: false);
        }
    }
}
