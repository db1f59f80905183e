using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>Heartbeat, and operations that are withdrawn.</content>
internal sealed partial class Link : IHeartbeatOwner, IAlarmed
{
    private readonly Heartbeat? _heartbeat;

    /// <summary>Takes an operation out of the link. By its caller, on any thread. False when it is on this link no more.</summary>
    public bool Withdraw(LinkOperation operation, Exception? error)
    {
        bool isHere = true;
        bool needsPump = false;
        using (Completions completions = Completions.Rent())
        using (HoldSending())
        {
            if (operation.Link != this)
            {
                isHere = false;
            }
            else if (!operation.IsClaimed)
            {
                WithdrawLocked(operation, error, completions);
                needsPump = IsBlocked;
            }
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }

        return isHere;
    }

    /// <summary>
    /// Asks the peer to give a message back that its user has not read; a receipt says so. While it was read nothing happens, and it is
    /// waited for as before. By its caller, or, for one that is not his any more, by its number alone.
    /// </summary>
    public void Recall(uint id, LinkOperation? caller = null)
    {
        bool needsPump = false;
        using (HoldSending())
        {
            // A work queue acknowledges what it has, and has it until a worker has it.
            if (_state is LinkState.Up or LinkState.PeerClosed
                && !IsBroken
                && !IsBare
                && _calls.TryGet(id, out LinkOperation? call)
                && (caller is null || call == caller)
                && !(call == _writing && _connection.HasLong)
                && call.Header.Kind == MessageKind.Deliver
                && (PeerPattern == PatternKind.WorkQueue || !IsAcknowledged(call)))
            {
                MessageHeader recall = MessageHeader.Of(MessageKind.Cancel, id, MessageFlags.Recall);
                Commit(ref recall, default, default);
                needsPump = FlushNow();
            }
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
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
                DetachLong();
                if (!operation.WantsAnswer && !IsBroken)
                {
                    CompleteWriting(completions);
                    break;
                }

                _writing = null;
                goto case LinkOperation.Stage.AwaitingAnswer;
            case LinkOperation.Stage.AwaitingAnswer:
                _calls.Remove(operation.Header.Id);
                End(wasSent: true);
                if (!IsBroken && operation.WantsAnswer)
                {
                    MessageHeader cancel = MessageHeader.Of(MessageKind.Cancel, operation.Header.Id);
                    Commit(ref cancel, default, default);
                    FlushNow();
                }

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

    /// <summary>When something came last, by the endpoint's clock; 0 without a heartbeat.</summary>
    public long LastHeard => _heartbeat?.LastHeard ?? 0;

    void IHeartbeatOwner.LookForSigns() => _endpoint.Pump.TryTurn();

    void IHeartbeatOwner.Ask() => SendControl(MessageHeader.Of(MessageKind.Ping), default, default);

    void IHeartbeatOwner.GiveUp(TimeSpan silence) => Kill(CloseReason.Heartbeat, $"nothing was heard for {silence.TotalSeconds:0.###} s");
}
