using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <content>How an item ends, and with the last of them the queue.</content>
public sealed partial class WorkQueue
{
    /// <summary>
    /// The sender gave up, or is about to. What no worker has is not done any more; what lies unread at a worker is asked back, and what a
    /// worker has read is not handed out again. Of a sender that has gone everything is done all the same.
    /// </summary>
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

    /// <summary>The queue closes before a worker has accepted it.</summary>
    private void EndGivenBack(Item item)
    {
        Interlocked.Increment(ref _givenBack);
        if (!item.Message.WantsReceipt)
        {
            // Its sender was told long ago that the queue has it, and hears nothing more: that is a loss, and counted.
            Core.Placement.CountLost();
        }

        EndUndone(
            item,
            ReceiptStatus.Closed,
            item.IsInDoubt ? "the work queue was closed" : "the work queue was closed before a worker accepted it");
    }

    /// <returns>Why, for its sender.</returns>
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
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                string why = RaiseHandlerFailed(HandlerKind.DeadLetter, exception, item.Message.Peer);
                told = $"{told}; dead-letter handler: {why}";
                Core.Drops.Count();
            }
        }
        else
        {
            Core.Drops.Count();
        }

        return told;
    }

    /// <summary>No worker has accepted it; whether one has done it may not be known.</summary>
    private void EndUndone(Item item, ReceiptStatus status, string? reason)
    {
        if (item.IsInDoubt)
        {
            (status, reason) = (ReceiptStatus.Unknown, reason is null ? InDoubt : $"{reason}; {InDoubt}");
        }

        End(item, status, reason);
    }

    /// <summary>
    /// Counted out before its sender hears of it, so that whoever has the receipt finds it so; only then are those told who wait for room
    /// or for the end.
    /// </summary>
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

    /// <summary>The queue closes: what waits goes back to its senders at once, what workers have when they let go of it.</summary>
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

    /// <summary>Somebody waits for the end, and a sender has gone, or an item.</summary>
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

        // What comes in between is counted there, and is not what was taken here.
        if (Core.TryRetire(PatternKind.Receiver, taken))
        {
            _finished.TrySetResult(true);
        }
    }
}
