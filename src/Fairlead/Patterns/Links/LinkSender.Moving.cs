using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>Operations that come to this link from the endpoint or leave it: withdrawn, at its end, or for another link.</content>
internal sealed partial class LinkSender
{
    private readonly Leavers _leavers = new();

    /// <summary>Messages that were left here and were not sent when the link went down.</summary>
    public long Unsent { get; private set; }

    /// <summary>Whether some are to go to another link. A hint.</summary>
    public bool HasMoving => _leavers.Any;

    /// <summary>All of them come behind those that wait here. Under the send lock.</summary>
    public void Take(SendQueue waiting, Completions completions)
    {
        while (waiting.Count > 0)
        {
            Take(waiting.Dequeue(), completions);
        }
    }

    private void Take(LinkOperation operation, Completions completions)
    {
        operation.Link = _link;
        try
        {
            Check(operation.Payload.Span, operation.Header.HeadLength);
            if (operation.Handle is not null && _link.Handles.ToPeer == 0)
            {
                throw LinkErrors.NoHandles(_link);
            }

            operation.RefreshDeadline();
            _queued.Enqueue(operation);
        }
        catch (Exception exception)
        {
            // Too long for this peer, or nothing that this framing can carry: that concerns its sender alone.
            _queued.AddMissed(Refuse(operation, exception, completions));
        }
    }

    /// <summary>
    /// By the endpoint, under its gate: those that have lost their link come behind those that wait here. False when this one is about to
    /// go too.
    /// </summary>
    public bool TryAdopt(SendQueue waiting, Completions completions)
    {
        using (Hold())
        {
            if (_link.State != LinkState.Up || _output.IsBroken || !_link.Close.IsOpen)
            {
                return false;
            }

            Take(waiting, completions);
            return true;
        }
    }

    /// <summary>By the endpoint, without its gate: sends what was adopted, as far as there is credit.</summary>
    public void ServeAdopted(Completions completions)
    {
        using (Hold())
        {
            try
            {
                ServeQueued(completions);
            }
            catch (Exception exception)
            {
                _link.Fail(exception);
            }
        }
    }

    /// <summary>Takes an operation out of the link. By its caller, on any thread. False when it is on this link no more.</summary>
    public bool Withdraw(LinkOperation operation, Exception? error)
    {
        bool isHere = true;
        bool needsPump = false;
        using (Completions completions = Completions.Rent())
        using (Hold())
        {
            if (operation.Link != _link)
            {
                isHere = false;
            }
            else if (!operation.IsClaimed)
            {
                WithdrawLocked(operation, error, completions);
                needsPump = _output.IsBlocked;
            }
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }

        return isHere;
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
                _leavers.Remove(operation);
                End(wasSent: false);
                break;
            case LinkOperation.Stage.Writing:
                // Half of it may be on the wire: the rest is copied, and the message is sent after all.
                if (!_output.TryForgo(operation, completions))
                {
                    break;
                }

                goto case LinkOperation.Stage.AwaitingAnswer;
            case LinkOperation.Stage.AwaitingAnswer:
                _link.Calls.Pending.Remove(operation.Header.Id);
                End(wasSent: true);
                if (!_output.IsBroken && operation.WantsAnswer)
                {
                    MessageHeader cancel = MessageHeader.Of(MessageKind.Cancel, operation.Header.Id);
                    _output.Commit(ref cancel, default, default);
                    _output.FlushNow();
                }

                break;
        }

        void End(bool wasSent)
        {
            operation.At = LinkOperation.Stage.Ended;
            bool wasRead = wasSent && _link.Calls.IsAcknowledged(operation);
            bool isOurs = error is null
                ? operation.TryComplete(operation.Unanswered(LinkOutcome.TimedOut, _link, wasSent, wasRead))
                : operation.TryFail(error);
            if (isOurs)
            {
                completions.Add(operation);
            }
        }
    }

    /// <summary>The peer takes nothing more: those that wait for credit go elsewhere, or end. Under the send lock.</summary>
    public void EndQueued(Completions completions)
    {
        while (_queued.Count > 0)
        {
            if (_queued.First is { IsLeft: true } left && MayMove(left, wasRead: false))
            {
                _leavers.Add(_queued.Dequeue(), isLate: false);
                if (_queued.Count == 0)
                {
                    _leavers.Missed += _queued.TakeMissed();
                }

                continue;
            }

            LinkOperation operation = _queued.DequeueUnsent();
            if (operation.IsLeft)
            {
                Unsent++;
                _queued.AddMissed(1);
            }

            EndUnsent(operation, completions);
        }
    }

    /// <summary>
    /// Hands those that leave over to the endpoint, in the order of their asking. Under the endpoint's gate: from one queue to the other
    /// nobody can withdraw them.
    /// </summary>
    public void TakeMoving(SendQueue waiting)
    {
        using (Hold())
        {
            _leavers.MoveTo(waiting);
        }
    }

    /// <summary>What was not sent may be sent elsewhere, and what may have been read only where that does no harm.</summary>
    public bool MayMove(LinkOperation operation, bool wasRead) =>
        operation.IsMovable
        && !operation.IsClaimed
        && (!wasRead || (operation.Header.Flags & MessageFlags.Idempotent) != 0)
        && _endpoint.Presence.AwaitsPeers
        && !_endpoint.IsClosing;

    /// <summary>A call whose link is lost goes to another link. Under the send lock.</summary>
    public void SetMoving(LinkOperation call) => _leavers.Add(call, isLate: false);

    private void EndUnsent(LinkOperation operation, Completions completions, bool isLate = false)
    {
        if (MayMove(operation, wasRead: false))
        {
            _leavers.Add(operation, isLate);
        }
        else
        {
            operation.Finish(LinkOutcome.PeerGone, _link, completions);
        }
    }
}
