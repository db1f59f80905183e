using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>Heartbeat, and operations that are withdrawn.</content>
internal sealed partial class Link
{
    /// <summary>Questions that a silent peer may leave unanswered.</summary>
    private const int Pings = 2;

    private ITimer? _heartbeatTimer;

    // Either side wants to know when the other was heard last.
    private bool _hasHeartbeat;

    // Questions that have not been answered, and when the peer had been heard last before them.
    private int _pings;
    private long _askedBehind;

    /// <summary>Takes an operation out of the link. By its caller, on any thread. False when it is on this link no more.</summary>
    public bool Withdraw(LinkOperation operation, Exception? error)
    {
        bool isHere = true;
        bool needsPump = false;
        Completions completions = Completions.Rent();
        using (HoldSending())
        {
            if (operation.Link != this)
            {
                isHere = false;
            }
            else if (!operation.IsClaimed)
            {
                WithdrawLocked(operation, error, completions);
                needsPump = _isBlocked;
            }
        }

        completions.Run(inline: false);
        if (needsPump)
        {
            _endpoint.RequestPump();
        }

        return isHere;
    }

    /// <summary>
    /// Asks the peer to give a message back that its user has not read; a receipt says so. While it was read nothing happens, and it is waited for as before. By its caller, or, for
    /// one that is not his any more, by its number alone.
    /// </summary>
    public void Recall(uint id, LinkOperation? caller = null)
    {
        bool needsPump = false;
        using (HoldSending())
        {
            // A work queue acknowledges what it has, and has it until a worker has it.
            if (_state is LinkState.Up or LinkState.PeerClosed && !_isBroken && !IsBare && Calls.TryGetValue(id, out LinkOperation? call) && (caller is null || call == caller)
                && call != _writing && call.Header.Kind == MessageKind.Deliver && (PeerPattern == PatternKind.WorkQueue || !IsAcknowledged(call)))
            {
                MessageHeader recall = MessageHeader.Of(MessageKind.Cancel, id, MessageFlags.Recall);
                Commit(ref recall, default, default, null);
                needsPump = FlushNow();
            }
        }

        if (needsPump)
        {
            _endpoint.RequestPump();
        }
    }

    private void WithdrawLocked(LinkOperation operation, Exception? error, Completions completions)
    {
        switch (operation.At)
        {
            case LinkOperation.Stage.Queued:
                _queued.Remove(operation);
                End(wasSent: false);

                // Who stood behind a long message may fit.
                ServeQueued(completions);
                break;
            case LinkOperation.Stage.Moving:
                _ = _moving.Remove(operation) || _late.Remove(operation);
                End(wasSent: false);
                break;
            case LinkOperation.Stage.Writing:
                // Half of it may be on the wire: the rest is copied, and the message is sent after all.
                _connection.DetachLong();
                if (!operation.WantsAnswer)
                {
                    CompleteWriting(completions);
                    break;
                }

                _writing = null;
                goto case LinkOperation.Stage.AwaitingAnswer;
            case LinkOperation.Stage.AwaitingAnswer:
                Calls.Remove(operation.Header.Id);
                MessageHeader cancel = MessageHeader.Of(MessageKind.Cancel, operation.Header.Id);
                Commit(ref cancel, default, default, null);
                FlushNow();
                End(wasSent: true);
                break;
        }

        void End(bool wasSent)
        {
            operation.At = LinkOperation.Stage.Ended;
            bool isOurs = error is null
                ? operation.TryComplete(operation.Unanswered(LinkOutcome.TimedOut, this, wasSent, wasSent && IsAcknowledged(operation)))
                : operation.TryFail(error);
            if (isOurs)
            {
                completions.Add(operation);
            }
        }
    }

    private void StartHeartbeat()
    {
        TimeSpan own = _endpoint.Settings.Heartbeat;
        if (own > TimeSpan.Zero)
        {
            // Armed when it is known here, since its first tick arms it again.
            _heartbeatTimer = _time.CreateTimer(static state => ((Link)state!).OnHeartbeat(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _heartbeatTimer.Change(own, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Asks for a sign of life after one and after two intervals of silence, and gives the peer up after three.</summary>
    private void OnHeartbeat()
    {
        TimeSpan interval = _endpoint.Settings.Heartbeat;
        if (Silence >= interval)
        {
            // Nobody may have pumped for lack of interest: what has arrived meanwhile counts as a sign of life.
            _endpoint.PumpOnce();
        }

        long heard = LastHeard;
        if (heard != _askedBehind)
        {
            // Whatever was asked before that has been answered.
            _askedBehind = heard;
            _pings = 0;
        }

        TimeSpan silence = _time.GetElapsedTime(heard);
        TimeSpan due = (_pings + 1) * interval;
        if (silence >= due && _pings >= Pings)
        {
            Kill(CloseReason.Heartbeat, $"nothing was heard for {silence.TotalSeconds:0.###} s");
            return;
        }

        if (silence >= due)
        {
            // Asked as often as this before it is given up, however late: this process may have been stopped itself, and heard nothing for that.
            _pings++;
            due += interval;
            SendControl(MessageHeader.Of(MessageKind.Ping), default, default);
        }

        _heartbeatTimer!.Change(due > silence ? due - silence : interval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>When something came last, by the endpoint's clock.</summary>
    public long LastHeard => Volatile.Read(ref _lastHeard);

    private TimeSpan Silence => _time.GetElapsedTime(Volatile.Read(ref _lastHeard));
}
