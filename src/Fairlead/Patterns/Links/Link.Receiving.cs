using System.Text;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>
/// Wake → lease → pattern → user. Everything here but <see cref="Dequeue"/> is called by whoever pumps the endpoint, and hands what is
/// thrown on its way to <see cref="Fail(Exception, Completions)"/>.
/// </content>
internal sealed partial class Link
{
    /// <summary>Reads of one link before another gets its turn.</summary>
    private const int FillsPerTurn = 4;

    /// <summary>Bytes of answers that may pile up for a peer that does not read them, before nothing more is read from it.</summary>
    public const int MostUnreadAnswers = 4 * 1024 * 1024;

    private ReceiveQueue _inbound;
    private bool _hasNewCredit;

    private bool _hasPart;
    private PollEvents _interest = PollEvents.Read;

    /// <summary>Messages that lie here for the user. Under the endpoint's gate.</summary>
    public int InboundCount => _inbound.Count;

    /// <summary>What lies here for the user. Under the endpoint's gate.</summary>
    public ref ReceiveQueue Inbound => ref _inbound;

    /// <summary>Whether this link is in the endpoint's queue of links that have messages. Under the gate.</summary>
    public bool IsReady { get; set; }

    /// <summary>Messages taken in this link's turn. Under the gate.</summary>
    public int Turn { get; set; }

    /// <summary>The poll set reported the descriptor.</summary>
    public void OnEvents(PollEvents events, Completions completions)
    {
        if (_state == LinkState.Down || (IsBare && _state == LinkState.Handshaking))
        {
            // The latter is watched, and about to be opened by the thread that connects: a peer that speaks first is heard in a moment.
            return;
        }

        _connection.OnReady(events);
        if ((events & (PollEvents.Write | PollEvents.Error | PollEvents.HangUp)) != 0)
        {
            OnWritable(completions);
        }

        if ((events & (PollEvents.Read | PollEvents.ReadHangUp | PollEvents.HangUp | PollEvents.Error)) != 0
            && (!_isPaused || (events & (PollEvents.HangUp | PollEvents.Error)) != 0))
        {
            Receive(completions);
        }

        FlushWhenTold(completions);
    }

    /// <summary>The peer of a connection through memory may have made room.</summary>
    private void FlushWhenTold(Completions completions)
    {
        if (IsBlocked && TellsRoomByReading)
        {
            OnWritable(completions);
        }
    }

    /// <summary>Whoever waited is awake: takes the announcement back, and looks without being told by the descriptor.</summary>
    public void OnAwake(Completions completions)
    {
        EndWait();
        if (HasArrived && _state != LinkState.Down)
        {
            Receive(completions);
        }

        FlushWhenTold(completions);
    }

    /// <summary>Whether there is something to receive, of a connection that announces waits.</summary>
    public bool HasArrived => !_isPaused && _sleep!.HasArrived;

    /// <summary>Announces a sleep to the peer; false when there is something to receive.</summary>
    public bool PrepareWait()
    {
        TellBeforeSleep();
        return _sleep!.PrepareWait() || _isPaused;
    }

    /// <summary>Takes the announcement back.</summary>
    public void EndWait() => _sleep!.EndWait();

    /// <summary>
    /// Whether a peer that shares memory was woken since this was asked last, and may have been put on this very processor; or may be there
    /// anyway, with others who read the same.
    /// </summary>
    public bool MayShareProcessor(bool withReaders) =>
        _memoryOutput is { } output && (output.TakeHasWoken() || (withReaders && _broadcasts is { IsSitting: true }));

    /// <summary>Reads what is there, handles control messages, and queues the others for the user.</summary>
    public void Receive(Completions completions)
    {
        FillResult fill = FillResult.Drained;
        int wanted = _broadcasts is { IsSitting: true } ? _endpoint.Receivers.MessagesWanted : int.MaxValue;
        for (int i = 0; i < FillsPerTurn && _state != LinkState.Down; i++)
        {
            fill = _connection.Fill();
            while (_connection.TryTake(out Incoming message))
            {
                Handle(ref message, completions);
                if (_inbound.Arrived >= wanted)
                {
                    // The thread that leads takes the others one by one from where they lie.
                    i = FillsPerTurn;
                    break;
                }
            }

            if (fill != FillResult.More || (IsBare && _inbound.Count + _inbound.Arrived >= _endpoint.Settings.Messages))
            {
                break;
            }
        }

        _heartbeat?.Hear();
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
            _endpoint.Owner.OnCredit(this);
        }

        NotePart(_connection.HasPart);
        if (fill is FillResult.End or FillResult.Broken)
        {
            OnEnd(fill == FillResult.End, completions);
        }
    }

    /// <summary>Half a message is read on at once, also while no user waits: its sender waits until it is through.</summary>
    private void NotePart(bool hasPart)
    {
        if (hasPart != _hasPart && (!hasPart || _state != LinkState.Down))
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
            _handles.CountOut();
        }

        return message;
    }

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
            Fail(exception);
        }
    }

    private void TellHandedOver(MessageKind kind)
    {
        if (IsBare)
        {
            _connection.Consumption?.NoteHanded(_inbound.Window.Consumed);

            // What was taken is seen by the thread that pauses, or its pause here.
            Interlocked.MemoryBarrier();
            ResumeIfPaused();
            return;
        }

        bool isDue = kind == MessageKind.Deliver
            || _state == LinkState.PeerClosed
            || IsAckDue
            || _handles.IsAckDue;
        if (isDue)
        {
            Acknowledge(isUrgent: kind == MessageKind.Deliver);
            if (_state == LinkState.PeerClosed)
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
        if (IsBare || _state is LinkState.Handshaking or LinkState.Down)
        {
            return;
        }

        NoteTold();
        if (!_inbound.Window.IsWritten && !TellConsumed())
        {
            SendControl(MessageHeader.Of(MessageKind.Ack), default, default);
        }

        if (isUrgent)
        {
            FlushDeferred();
        }
    }

    /// <summary>What has been consumed by now is about to be told.</summary>
    private void NoteTold()
    {
        _inbound.Window.NoteTold();
        _handles.NoteTold();
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

        using (HoldSending())
        {
            return _state != LinkState.Down && broadcasts.TellConsumed(_inbound.Window.Consumed, _inbound.Window.ConsumedBytes);
        }
    }

    /// <summary>Hands what has arrived to the waiting receivers, or queues it.</summary>
    private void PublishArrived(Completions completions)
    {
        if (_inbound.Arrived == 0)
        {
            return;
        }

        _endpoint.Receivers.Publish(this, completions);
        if (IsBare && (_inbound.Bytes >= _endpoint.Settings.Capacity || _inbound.Count >= _endpoint.Settings.Messages))
        {
            Pause();

            // The user may have taken all of it meanwhile, and found nothing to resume.
            ResumeIfPaused();
        }
    }
}
