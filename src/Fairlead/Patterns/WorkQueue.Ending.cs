using Fairlead.Framing;
using Fairlead.Patterns.Links.Session;

namespace Fairlead;

/// <content>How items end, and how the queue ends with the last of them.</content>
public sealed partial class WorkQueue
{
    /// <summary>Cancels an item because its sender gave up or is about to.</summary>
    /// <remarks>
    /// An item that no worker has is removed. An item that lies unread at a worker is recalled. An item that a worker has read is not
    /// handed out again. Items of a sender that has disconnected are still processed.
    /// </remarks>
    private void TakeBack(Item item)
    {
        Link? at;
        uint call;
        using (_gate.Hold())
        {
            if (!item.Message.IsTakenBack)
            {
                return;
            }

            (at, call) = (item.At, item.Call);
            if (at is null && item.Place.List is null)
            {
                return;
            }

            if (at is null)
            {
                _waiting.Remove(item.Place);
            }
        }

        if (at is null)
        {
            EndTakenBack(item);
        }
        else
        {
            at.Calls.Recall(call);
        }
    }

    private void EndTakenBack(Item item)
    {
        Interlocked.Increment(ref _takenBack);
        EndUndone(item, ReceiptStatus.TakenBack, null);
    }

    /// <summary>Ends an item that no worker accepted before the queue closed.</summary>
    private void EndGivenBack(Item item)
    {
        Interlocked.Increment(ref _givenBack);
        if (!item.Message.WantsReceipt)
        {
            // The sender was told earlier that the queue has the item, and learns nothing more. That is a loss, so count it.
            Core.Placement.CountLost();
        }

        EndUndone(
            item,
            ReceiptStatus.Closed,
            item.IsInDoubt ? "the work queue was closed" : "the work queue was closed before a worker accepted it");
    }

    /// <returns>The reason, for the sender.</returns>
    private async ValueTask<string> GiveUpAsync(Item item, string reason)
    {
        Interlocked.Increment(ref _givenUp);
        string told = item.Deliveries == 0 ? reason : $"given up after {item.Deliveries} deliveries: {reason}";
        if (_options.DeadLetter is { } deadLetter)
        {
            try
            {
                await deadLetter(new DeadLetter(item.Message.Memory, item.Message.Peer, item.Deliveries, reason)).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                string why = RaiseHandlerFailed(HandlerKind.DeadLetter, exception, item.Message.Peer);
                told = $"{told}; dead-letter handler: {why}";
                Core.Drops.Count();
            }
        }
        else if (!item.Message.WantsReceipt)
        {
            // The sender of any other item learns of its end by the receipt.
            Core.Drops.Count();
        }

        return told;
    }

    /// <summary>Ends an item that no worker has accepted. A lost worker may still have processed it.</summary>
    private void EndUndone(Item item, ReceiptStatus status, string? reason)
    {
        if (item.IsInDoubt)
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
    private void End(Item item, ReceiptStatus status, string? reason)
    {
        item.Watch.Unregister();
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

        item.Message.AnswerUnlessDisposed(status, reason);
        item.Message.Dispose();
        room?.TrySetResult();
        drained?.TrySetResult();
        FinishIfDue();
    }

    /// <summary>Returns waiting items to their senders because the queue closes. Items at workers follow when the workers release
    /// them.</summary>
    private void GiveBack()
    {
        List<Item> items;
        TaskCompletionSource? room;
        using (_gate.Hold())
        {
            _isClosed = true;
            items = [.. _waiting];
            _waiting.Clear();
            (room, _room) = (_room, null);
        }

        _finished.TrySetResult(false);
        room?.TrySetResult();
        foreach (Item item in items)
        {
            EndGivenBack(item);
        }
    }

    /// <summary>Completes <see cref="FinishAsync"/> if it is due. Called when a sender or an item has gone.</summary>
    private void FinishIfDue()
    {
        long taken;
        using (_gate.Hold())
        {
            if (_waitsForFinish == 0 || _held > 0 || _isClosed)
            {
                return;
            }

            taken = _taken;
        }

        // Items that arrive in between are counted by the core, and then differ from the number taken here.
        if (Core.TryRetire(PatternKind.Receiver, taken))
        {
            _finished.TrySetResult(true);
        }
    }
}
