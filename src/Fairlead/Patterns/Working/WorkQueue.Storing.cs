using Fairlead.Framing;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Patterns.Stores;
using Fairlead.Patterns.Working;

namespace Fairlead;

/// <content>Items are on the disk before their senders hear that the queue has them.</content>
public sealed partial class WorkQueue
{
    private static readonly TimeSpan WhileFull = TimeSpan.FromSeconds(1);

    // Appended to the store, and not on the disk yet. In the order of the store.
    private readonly Queue<WorkItem> _unsynced = new();
    private bool _isSyncing;
    private Task _syncing = Task.CompletedTask;

    // Completes when the item that is being appended is among those that are not on the disk.
    private Task _storing = Task.CompletedTask;

    /// <summary>Lets the items of the queue before this one wait first. Before anything else has the queue.</summary>
    private void Recover()
    {
        foreach ((StoredItem stored, byte[] payload) in _store?.Recovered ?? [])
        {
            MessageHeader header = MessageHeader.Of(MessageKind.Send);
            header.Length = payload.Length;
            Message message = new(MessageCore.Make(new AnswerRecord(new Peer()), header, payload));

            // Whether a worker had it is not known.
            WorkItem item = new(this, message)
            {
                Stored = stored,
                Options = WorkItemOptions.Of(stored.Priority, stored.NotBefore),
                IsRecovered = true,
                MayHaveBeenRead = true,
            };
            if (stored.GivenUp is { } end)
            {
                KeepRecovered(item, end);
            }
            else
            {
                _ = CountIn(item);
                Enter(item);
            }
        }
    }

    private void KeepRecovered(WorkItem item, (int Deliveries, string Reason) end)
    {
        (item.Deliveries, item.Reason, item.IsClaimed) = (end.Deliveries, end.Reason, true);
        bool isKept;
        WorkItem? evicted;
        using (_gate.Hold())
        {
            _items.Register(item);
            isKept = _items.TryKeep(item, out evicted);
        }

        // There are more than this queue is to keep.
        if ((isKept ? evicted : item) is { } forgotten)
        {
            EndForgotten(forgotten);
        }
    }

    /// <summary>Completes when the recovered items leave capacity for others.</summary>
    private Task RoomForRecoveredAsync()
    {
        using (_gate.Hold())
        {
            return _room?.Task ?? Task.CompletedTask;
        }
    }

    /// <summary>Appends an item to the store. It enters the queue when it is on the disk.</summary>
    /// <remarks>Without room on the disk, a sender that waits for a receipt learns it. Others wait until there is.</remarks>
    private async Task StoreAsync(WorkItem item, WorkStore store)
    {
        TaskCompletionSource stored = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using (_gate.Hold())
        {
            _storing = stored.Task;
        }

        try
        {
            await AppendAsync(item, store).ConfigureAwait(false);
        }
        finally
        {
            stored.SetResult();
        }
    }

    private async Task AppendAsync(WorkItem item, WorkStore store)
    {
        while (item.Stored is null && item.Refusal is null)
        {
            try
            {
                item.Stored = store.Add(item.Message.Span, item.Options.Priority, item.Options.Milliseconds);
            }
            catch (FairleadException problem) when (problem.Code == ErrorCode.TooLarge || item.Message.WantsReceipt || IsClosed())
            {
                item.Refusal = problem;
            }
            catch (ObjectDisposedException)
            {
                // The queue has ended, and the sender was not told that the queue has the item.
                EndGivenBack(item);
                return;
            }
            catch (FairleadException problem)
            {
                Core.Presence.Hinder(problem.WhatHappened);
                await Task.Delay(WhileFull, TimeProvider.System).ConfigureAwait(false);
            }
        }

        using (_gate.Hold())
        {
            _unsynced.Enqueue(item);
            if (!_isSyncing)
            {
                _isSyncing = true;
                _syncing = PoolWork.Start(SyncAsync);
            }
        }
    }

    /// <summary>Closes the store after the items that are being written: some may have to be noted as ended. Blocks for the disk.</summary>
    private void CloseStore()
    {
        Read(ref _storing).Wait();
        Read(ref _syncing).Wait();
        _store?.Dispose();

        Task Read(ref Task task)
        {
            using (_gate.Hold())
            {
                return task;
            }
        }
    }

    /// <summary>Writes what was appended to the disk, all that has come in the meantime together, until nothing is left.</summary>
    private async Task SyncAsync()
    {
        List<WorkItem> items = [];
        while (true)
        {
            using (_gate.Hold())
            {
                if (_unsynced.Count == 0)
                {
                    _isSyncing = false;
                    return;
                }

                items.AddRange(_unsynced);
                _unsynced.Clear();
            }

            bool isSynced;
            while (!(isSynced = TrySync()) && !IsClosed())
            {
                await Task.Delay(WhileFull, TimeProvider.System).ConfigureAwait(false);
            }

            if (isSynced)
            {
                Acknowledge(items);
            }

            foreach (WorkItem item in items)
            {
                // Its sender was told that the queue does not have it.
                item.IsUntold = IsClosed() && (!isSynced || item.Message.Core.PeerLink.State == LinkState.Down);
                if (item.Refusal is { } refusal)
                {
                    Refuse(item, refusal);
                }
                else
                {
                    Enter(item);
                }
            }

            items.Clear();
        }
    }

    /// <summary>Acknowledges items in their order: a link is told how many of its messages, and not which.</summary>
    private static void Acknowledge(List<WorkItem> items)
    {
        Link? link = null;
        int count = 0;
        foreach (WorkItem item in items)
        {
            Link? next = (Link?)item.Message.Core.PeerLink;
            if (next != link)
            {
                link?.LinkReceiver.Release(count);
                (link, count) = (next, 0);
            }

            count++;
        }

        link?.LinkReceiver.Release(count);
    }

    private bool TrySync()
    {
        try
        {
            _store!.Sync();
            Core.Presence.Hinder(null);
            return true;
        }
        catch (FairleadException problem)
        {
            // Nothing is acknowledged that may be lost. Senders wait.
            Core.Presence.Hinder(problem.WhatHappened);
            return false;
        }
    }

    private bool IsClosed()
    {
        using (_gate.Hold())
        {
            return _items.IsClosed;
        }
    }

    /// <summary>Ends an item that cannot be stored.</summary>
    private void Refuse(WorkItem item, FairleadException problem)
    {
        _counters.Count(WorkCount.Refused);
        if (!item.Message.WantsReceipt)
        {
            Core.DropReport.Count();
        }

        End(item, ReceiptStatus.NotDelivered, $"the work queue cannot store it: {problem.WhatHappened}");
    }
}
