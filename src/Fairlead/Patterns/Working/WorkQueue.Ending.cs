using Fairlead.Framing;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Working;

namespace Fairlead;

/// <content>How items end, and how the queue ends with the last of them.</content>
public sealed partial class WorkQueue
{
    /// <summary>Cancels an item because its sender gave up or is about to.</summary>
    /// <remarks>
    /// An item that no worker has is removed. An item that lies unread at a worker is recalled. An item that a worker has read is not
    /// handed out again. Items of a sender that has disconnected are still processed.
    /// </remarks>
    internal void TakeBack(WorkItem item)
    {
        WorkHandOut? at;
        using (_gate.Hold())
        {
            // The item's memory is released after it was claimed.
            if (item.IsClaimed || !item.Message.IsTakenBack)
            {
                return;
            }

            at = item.At;
            if (at is null && !_items.TryLeave(item))
            {
                return;
            }

            item.IsClaimed = at is null;
        }

        if (at is null)
        {
            EndTakenBack(item);
        }
        else
        {
            at.Recall();
        }
    }

    void IAlarmed.OnAlarm()
    {
        List<WorkHandOut> stuck = [];
        List<(WorkItem Item, WorkFate Fate)> ended = [];
        using (_gate.Hold())
        {
            _items.TakeDue(stuck, ended);
        }

        FinishTakeOver(stuck, ended, $"a worker has had it for {SecondsText.Of(_options.TakeOverAfter)} without accepting it");
    }

    private void FinishTakeOver(List<WorkHandOut> stuck, List<(WorkItem Item, WorkFate Fate)> ended, string reason)
    {
        // What a worker has not read by then comes back, and is not done twice.
        stuck.ForEach(static handOut => handOut.Recall());
        foreach ((WorkItem item, WorkFate fate) in ended)
        {
            _ = EndAsync(item, fate, reason);
        }

        Dispatch();
    }

    private void TellLate(WorkHandOut handOut, bool isCounted)
    {
        Peer worker = handOut.Worker.Link.Peer;
        try
        {
            _options.LateAcceptance?.Invoke(
                new LateAcceptance(worker, _options.TimeProvider.GetElapsedTime(handOut.Since), isCounted));
        }
        catch (Exception exception)
        {
            RaiseHandlerFailed(HandlerKind.LateAcceptance, exception, worker);
        }

        Interlocked.Increment(ref _lateAcceptances);
    }

    /// <summary>Ends an item whose end was decided, and hands out what waits.</summary>
    /// <param name="item">The item.</param>
    /// <param name="fate">What was decided. Items that wait are left alone.</param>
    /// <param name="reason">Why no worker accepted it.</param>
    private async Task EndAsync(WorkItem item, WorkFate fate, string reason)
    {
        switch (fate)
        {
            case WorkFate.Accepted:
                // Who sees the count and closes the queue finds the item in no store.
                LeaveStore(item);
                _counters.Count(WorkCount.Accepted);
                End(item, ReceiptStatus.Accepted, null);
                break;
            case WorkFate.GivenUp:
                await GiveUpAsync(item, reason).ConfigureAwait(false);
                break;
            case WorkFate.Dropped:
                EndDropped(item);
                break;
            case WorkFate.TakenBack:
                EndTakenBack(item);
                break;
            case WorkFate.GivenBack:
                EndGivenBack(item);
                break;
        }

        Dispatch();
    }

    private void EndTakenBack(WorkItem item)
    {
        _counters.Count(WorkCount.TakenBack);
        EndUndone(item, ReceiptStatus.TakenBack, null);
    }

    /// <summary>Ends an item that no worker accepted before the queue closed.</summary>
    private void EndGivenBack(WorkItem item)
    {
        if (item.Stored is not null && !item.Message.WantsReceipt && !item.IsUntold)
        {
            // Its sender was told that the queue has it, and the next queue does it.
            _counters.Count(WorkCount.LeftInStore);
            item.IsKept = true;
            End(item, ReceiptStatus.Closed, null);
            return;
        }

        _counters.Count(WorkCount.GivenBack);
        if (!item.Message.WantsReceipt)
        {
            // The sender was told earlier that the queue has the item, and learns nothing more. That is a loss, so count it.
            Core.Placement.CountLost();
        }

        EndUndone(
            item,
            ReceiptStatus.Closed,
            item.Doubts > 0 ? "the work queue was closed" : "the work queue was closed before a worker accepted it");
    }

    private void EndDropped(WorkItem item)
    {
        _counters.Count(WorkCount.Dropped);
        CountDropped(item);
        EndUndone(item, ReceiptStatus.NotDelivered, "it was dropped from the work queue");
    }

    private void CountDropped(WorkItem item)
    {
        // The sender of any other item learns of its end by the receipt.
        if (!item.Message.WantsReceipt)
        {
            Core.DropReport.Count();
        }
    }

    private async ValueTask GiveUpAsync(WorkItem item, string reason)
    {
        _counters.Count(WorkCount.GivenUp);
        string told = item.Deliveries == 0 ? reason : $"given up after {item.Deliveries} deliveries: {reason}";
        bool isHandled = false;
        if (_options.DeadLetter is { } deadLetter)
        {
            try
            {
                await deadLetter(new DeadLetter(item.Message.Memory, item.Message.Peer, item.Deliveries, reason)).ConfigureAwait(false);
                isHandled = true;
            }
            catch (Exception exception)
            {
                string why = RaiseHandlerFailed(HandlerKind.DeadLetter, exception, item.Message.Peer);
                told = $"{told}; dead-letter handler: {why}";
            }
        }

        if (TryKeepGivenUp(item, told))
        {
            return;
        }

        if (!isHandled && (_options.DeadLetter is not null || !item.Message.WantsReceipt))
        {
            Core.DropReport.Count();
        }

        EndUndone(item, ReceiptStatus.NotDelivered, told);
    }

    /// <summary>Keeps an item of which its sender learns nothing more, so that it can be tried again.</summary>
    private bool TryKeepGivenUp(WorkItem item, string reason)
    {
        if (_options.KeepGivenUp == 0 || item.Message.WantsReceipt)
        {
            return false;
        }

        item.Reason = reason;
        if (item.Stored is { } stored)
        {
            // Before it can be found, and tried again.
            _store!.GiveUp(stored, item.Deliveries, reason);
        }

        WorkItem? evicted;
        using (_gate.Hold())
        {
            if (!_items.TryKeep(item, out evicted))
            {
                return false;
            }
        }

        if (evicted is not null)
        {
            EndForgotten(evicted);
        }

        Release(CountOut());
        return true;
    }

    /// <summary>Ends an item that was given up, and is in no list any more.</summary>
    private void EndForgotten(WorkItem item)
    {
        if (_options.DeadLetter is null)
        {
            Core.DropReport.Count();
        }

        LeaveStore(item);
        item.Message.Dispose();
    }

    /// <summary>Lets an item that was given up wait for a worker, as if it were new.</summary>
    private void EnterAgain(WorkItem item)
    {
        if (item.Stored is { } stored)
        {
            _store!.Forgive(stored);
        }

        (item.Deliveries, item.Reason, item.IsClaimed) = (0, null, false);
        _ = CountIn(item);
        Enter(item);
    }

    /// <summary>Ends an item that no worker has accepted. A lost worker may still have processed it.</summary>
    private void EndUndone(WorkItem item, ReceiptStatus status, string? reason)
    {
        if (item.Doubts > 0)
        {
            (status, reason) = (ReceiptStatus.Unknown, reason is null ? InDoubt : $"{reason}; {InDoubt}");
        }

        End(item, status, reason);
    }

    /// <summary>Ends an item: counts it out, answers its sender, and then releases waiters.</summary>
    /// <remarks>
    /// The count changes before the answer: a sender with the receipt then finds the queue without the item. Callers that wait for capacity
    /// or for an empty queue are released last.
    /// </remarks>
    private void End(WorkItem item, ReceiptStatus status, string? reason)
    {
        item.Watch.Unregister();
        LeaveStore(item);
        Waiters waiters = CountOut();
        item.Message.AnswerUnlessDisposed(status, reason);
        item.Message.Dispose();
        Release(waiters);
    }

    /// <summary>Counts an item out. The caller releases those that waited for it.</summary>
    private Waiters CountOut()
    {
        TaskCompletionSource? room = null;
        TaskCompletionSource? drained = null;
        using (_gate.Hold())
        {
            if (--_held < _options.MaxItems)
            {
                (room, _room) = (_room, null);
            }

            if (_held == 0)
            {
                (drained, _drained) = (_drained, null);
            }
        }

        return new Waiters(room, drained);
    }

    private void Release(Waiters waiters)
    {
        waiters.Room?.TrySetResult();
        waiters.Drained?.TrySetResult();
        FinishIfDue();
    }

    /// <summary>Lets the store forget an item that has ended. Harmless the second time.</summary>
    private void LeaveStore(WorkItem item)
    {
        if (item.Stored is { } stored && !item.IsKept)
        {
            _store!.End(stored);
        }
    }

    /// <summary>Returns waiting items to their senders because the queue closes. Items at workers follow when the workers release
    /// them.</summary>
    private void GiveBack()
    {
        List<WorkItem> items;
        List<WorkItem> givenUp;
        TaskCompletionSource? room;
        using (_gate.Hold())
        {
            items = _items.Close(out givenUp);
            (room, _room) = (_room, null);
        }

        _finished.TrySetResult(false);
        room?.TrySetResult();
        foreach (WorkItem item in items)
        {
            EndGivenBack(item);
        }

        foreach (WorkItem item in givenUp)
        {
            if (item.Stored is null)
            {
                EndForgotten(item);
            }
            else
            {
                // The next queue has it.
                item.Message.Dispose();
            }
        }
    }

    /// <summary>Completes <see cref="FinishAsync"/> if it is due. Called when a sender or an item has gone.</summary>
    private void FinishIfDue()
    {
        long taken;
        bool isTaking;
        using (_gate.Hold())
        {
            // A queue that takes nothing new may be taking its last item.
            if (_waitsForFinish == 0 || _held > 0 || _items.IsClosed || (!_isTaking && !_taking.IsCompleted))
            {
                return;
            }

            (taken, isTaking) = (_taken, _isTaking);
        }

        // Items that arrive in between are counted by the core, and then differ from the number taken here.
        if (Core.TryRetire(isTaking ? PatternKind.Receiver : null, taken))
        {
            _finished.TrySetResult(true);
        }
    }

    /// <summary>Callers that wait for capacity, and those that wait for an empty queue.</summary>
    private readonly record struct Waiters(TaskCompletionSource? Room, TaskCompletionSource? Drained);
}
