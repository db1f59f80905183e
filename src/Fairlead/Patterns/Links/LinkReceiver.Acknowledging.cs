using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>What the peer is told of what the user has taken.</content>
internal sealed partial class LinkReceiver
{
    /// <summary>Whether enough has been consumed to tell the peer, on a link that is up and carries no files.</summary>
    public bool IsAckDue => _inbound.Window.IsAckDue;

    /// <summary>
    /// What follows a hand-over, without the gate: the acknowledgement, before the message is in the user's hands where its sender waits
    /// for a receipt, otherwise when a quarter of the window has been consumed or, in the endpoint's slow rounds, a little later.
    /// </summary>
    public void AfterHandOver(MessageKind kind)
    {
        try
        {
            TellHandedOver(kind);
        }
        catch (Exception exception)
        {
            // What was handed over is the user's all the same.
            _link.Fail(exception);
        }
    }

    private void TellHandedOver(MessageKind kind)
    {
        if (_link.IsBare)
        {
            _connection.Consumption?.NoteHanded(_inbound.Window.Consumed);

            // What was taken is seen by the thread that pauses, or its pause here.
            Interlocked.MemoryBarrier();
            _link.Pause.ResumeIfPaused();
            return;
        }

        bool isDue = kind == MessageKind.Deliver
            || _link.State == LinkState.PeerClosed
            || IsAckDue
            || _link.Handles.IsAckDue;
        if (isDue)
        {
            Acknowledge(isUrgent: kind == MessageKind.Deliver);
            if (_link.State == LinkState.PeerClosed)
            {
                _endpoint.Pump.RequestTurn();
            }
        }
        else
        {
            _endpoint.Housekeeping.ServeLater();
        }
    }

    /// <summary>
    /// Tells the peer what has been consumed, if it does not know; urgently: before this returns, also in the middle of a burst.
    /// </summary>
    public void Acknowledge(bool isUrgent = false)
    {
        if (_link.IsBare || _link.State is LinkState.Handshaking or LinkState.Down)
        {
            return;
        }

        NoteTold();
        if (!_inbound.Window.IsWritten && !TellConsumed())
        {
            _link.Answers.SendControl(MessageHeader.Of(MessageKind.Ack), default, default);
        }

        if (isUrgent)
        {
            _link.Output.FlushDeferred();
        }
    }

    /// <summary>What has been consumed by now is about to be told.</summary>
    public void NoteTold()
    {
        _inbound.Window.NoteTold();
        _link.Handles.NoteTold();
    }

    /// <summary>A publisher that looks for itself may have waited for less than it is told now and then.</summary>
    public void TellBeforeSleep()
    {
        if (_broadcasts is { IsSitting: true } && _inbound.Window.HasUntold)
        {
            Acknowledge();
        }
    }

    /// <summary>Says in memory what has been consumed; false when the peer is to be told.</summary>
    private bool TellConsumed()
    {
        if (_broadcasts is not { } broadcasts)
        {
            return false;
        }

        using (_link.Sending.Hold())
        {
            return _link.State != LinkState.Down && broadcasts.TellConsumed(_inbound.Window.Consumed, _inbound.Window.ConsumedBytes);
        }
    }
}
