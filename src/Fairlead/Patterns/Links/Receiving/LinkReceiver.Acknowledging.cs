using Fairlead.Framing;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links.Receiving;

/// <content>Acknowledging to the peer what the user has taken.</content>
internal sealed partial class LinkReceiver
{
    /// <summary>Whether enough was consumed to acknowledge, on a link that is up and carries no files.</summary>
    public bool IsAckDue => ReceiveQueue.Window.IsAckDue;

    /// <summary>Acknowledges after a message was handed over. Called without the gate.</summary>
    /// <remarks>
    /// If the sender waits for a receipt, the acknowledgement comes before the message reaches the user. Otherwise it comes when a quarter
    /// of the window was consumed or, by the deferred work, a little later. The same holds for a bridge, which returns whatever was not
    /// answered to its broker.
    /// </remarks>
    public void AfterHandOver(MessageKind kind)
    {
        try
        {
            AcknowledgeHandedOver(kind);
        }
        catch (Exception exception)
        {
            // The user has the message all the same.
            _link.Fail(exception);
        }
    }

    private void AcknowledgeHandedOver(MessageKind kind)
    {
        if (_link.IsRaw)
        {
            _connection.Consumption?.NoteHanded(ReceiveQueue.Window.Consumed);

            // Either the pausing thread sees what was taken, or this thread sees its pause.
            Interlocked.MemoryBarrier();
            _pause.ResumeIfPaused();
            return;
        }

        bool isUrgent = kind == MessageKind.Deliver && !_isOfBridge;
        bool isDue = isUrgent
            || _link.State == LinkState.PeerClosed
            || IsAckDue
            || _link.HandleWindow.IsAckDue;
        if (isDue)
        {
            Acknowledge(isUrgent);
            if (_link.State == LinkState.PeerClosed)
            {
                _endpoint.Pump.RequestTurn();
            }
        }
        else
        {
            _owner.ServeLater();
        }
    }

    /// <summary>Tells the peer what was consumed, unless it knows. Urgent: before this returns, even within a burst.</summary>
    public void Acknowledge(bool isUrgent = false)
    {
        if (_link.IsRaw || _link.State is LinkState.Handshaking or LinkState.Down)
        {
            return;
        }

        _side.NoteAcknowledged();
        if (!ReceiveQueue.Window.IsWritten && !AcknowledgeConsumed())
        {
            _answers.SendControl(MessageHeader.Of(MessageKind.Ack), default, default);
        }

        if (isUrgent)
        {
            _sender.Output.FlushDeferred();
        }
    }

    /// <summary>Whether a message was handed out whose acknowledgement this end holds back.</summary>
    public bool HoldsBack => ReceiveQueue.Window.HeldBack is { Any: true };

    /// <summary>Releases the first messages whose acknowledgement this end held back. Any thread.</summary>
    /// <remarks>
    /// Acknowledges them together with others: when a quarter of what the peer counts as outstanding is released. A peer that closes
    /// learns of each release immediately, and so does a peer whose callers wait for it.
    /// </remarks>
    public void Release(int count)
    {
        ReceiveQueue.Window.HeldBack?.Release(count);
        try
        {
            if (ReceiveQueue.Window.IsReleaseDue || _link.State == LinkState.PeerClosed || _endpoint.Settings.Confirms)
            {
                Acknowledge(isUrgent: _endpoint.Settings.Confirms);
            }
            else
            {
                _owner.ServeLater();
            }

            if (_link.State == LinkState.PeerClosed)
            {
                _endpoint.Pump.RequestTurn();
            }
        }
        catch (Exception exception)
        {
            _link.Fail(exception);
        }
    }

    /// <summary>Acknowledges before a sleep, because a publisher that polls may wait for less than is normally acknowledged.</summary>
    public void AcknowledgeBeforeSleep()
    {
        if (_broadcasts is { HasJoined: true } && ReceiveQueue.Window.HasUntold)
        {
            Acknowledge();
        }
    }

    /// <summary>Publishes the consumption in shared memory. Returns false if the peer needs a message instead.</summary>
    private bool AcknowledgeConsumed()
    {
        if (_broadcasts is not { } broadcasts)
        {
            return false;
        }

        using (_sender.Hold())
        {
            return _link.State != LinkState.Down
                && broadcasts.PublishConsumed(ReceiveQueue.Window.Consumed, ReceiveQueue.Window.ConsumedBytes);
        }
    }
}
