using Fairlead.Framing;
using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links.Sending;

/// <content>Operations that come from the endpoint, or leave the link: withdrawn, at its end, or for another link.</content>
internal sealed partial class LinkSender
{
    private readonly Leavers _leavers = new();

    /// <summary>Messages queued without a caller that were unsent when the link went down.</summary>
    public long Unsent { get; private set; }

    /// <summary>Whether operations are to move to another link. A hint.</summary>
    public bool HasRequeued => _leavers.Any;

    /// <summary>Appends all operations of a queue to this link's queue. Under the send lock.</summary>
    public void Take(SendQueue waiting, Completions completions)
    {
        while (waiting.Count > 0)
        {
            Take(waiting.Dequeue(), completions);
        }
    }

    private void Take(LinkOperation operation, Completions completions)
    {
        operation.PeerLink = _link;
        try
        {
            Check(operation.Payload.Span, operation.Header.HeadLength);
            if (operation.Handle is not null && _link.HandleWindow.ToPeer == 0)
            {
                throw LinkErrors.NoHandles(_link);
            }

            operation.RefreshDeadline();
            Queue.Enqueue(operation);
        }
        catch (Exception exception)
        {
            // It is too long for this peer, or this framing cannot carry it: that concerns only its sender.
            Queue.AddMissed(Refuse(operation, exception, completions));
        }
    }

    /// <summary>Appends operations that have lost their link. Returns false if this link is about to go down, too.</summary>
    /// <remarks>Called by the endpoint, under its gate.</remarks>
    public bool TryTakeOver(SendQueue waiting, Completions completions)
    {
        using (Hold())
        {
            if (_link.State != LinkState.Up || _output.IsBroken || !_link.CloseHandshake.IsOpen)
            {
                return false;
            }

            Take(waiting, completions);
            return true;
        }
    }

    /// <summary>Ends the messages that wait for credit, unsent.</summary>
    public void EndQueued()
    {
        using (Completions completions = Completions.Rent())
        using (Hold())
        {
            while (Queue.Count > 0)
            {
                Queue.DequeueUnsent().Finish(LinkOutcome.PeerGone, _link, completions);
            }
        }
    }

    /// <summary>Sends the operations taken over, within the credit. Called by the endpoint, without its gate.</summary>
    public void ServeTakenOver(Completions completions)
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

    /// <summary>Withdraws an operation. Returns false if it has left this link. Called by its caller, on any thread.</summary>
    public bool Withdraw(LinkOperation operation, Exception? error)
    {
        bool isHere = true;
        bool needsPump = false;
        using (Completions completions = Completions.Rent())
        using (Hold())
        {
            if (operation.PeerLink != _link)
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
                Queue.Remove(operation);
                End(wasSent: false);

                // An operation behind a long message may fit now.
                ServeQueued(completions);
                break;
            case LinkOperation.Stage.Requeueing:
                _leavers.Remove(operation);
                End(wasSent: false);
                break;
            case LinkOperation.Stage.Writing:
                // Half of it may be on the wire: copy the rest, and send the message after all.
                if (!_output.TryForgo(operation, completions))
                {
                    break;
                }

                goto case LinkOperation.Stage.AwaitingAnswer;
            case LinkOperation.Stage.AwaitingAnswer:
                _calls.Remove(operation.Header.Id);
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
            bool wasRead = wasSent && IsAcknowledged(operation);
            bool isOurs = error is null
                ? operation.TryComplete(operation.Unanswered(LinkOutcome.TimedOut, _link, wasSent, wasRead))
                : operation.TryFail(error);
            if (isOurs)
            {
                completions.Add(operation);
            }
        }
    }

    /// <summary>Moves or ends the operations that wait for credit, because the peer takes nothing more. Under the send lock.</summary>
    public void EndQueued(Completions completions)
    {
        while (Queue.Count > 0)
        {
            if (Queue.First is { HasNoCaller: true } left && MayMove(left, wasRead: false))
            {
                _leavers.Add(Queue.Dequeue(), isLate: false);
                if (Queue.Count == 0)
                {
                    _leavers.Missed += Queue.TakeMissed();
                }

                continue;
            }

            LinkOperation operation = Queue.DequeueUnsent();
            if (operation.HasNoCaller)
            {
                Unsent++;
                Queue.AddMissed(1);
            }

            EndUnsent(operation, completions);
        }
    }

    /// <summary>Hands leaving operations to the endpoint, in order of sending.</summary>
    /// <remarks>Under the endpoint's gate: nothing can withdraw them between the queues.</remarks>
    public void TakeRequeued(SendQueue waiting)
    {
        using (Hold())
        {
            _leavers.MoveTo(waiting);
        }
    }

    /// <summary>Returns whether an operation may move: unsent messages may, and possibly read ones only if repeating is harmless.</summary>
    public bool MayMove(LinkOperation operation, bool wasRead) =>
        operation.IsMovable
        && !operation.IsClaimed
        && (!wasRead || (operation.Header.Flags & MessageFlags.Idempotent) != 0)
        && _endpoint.AwaitsPeers
        && !_endpoint.IsClosing;

    /// <summary>Marks a call of a lost link for moving. Under the send lock.</summary>
    public void SetRequeued(LinkOperation call) => _leavers.Add(call, isLate: false);

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
