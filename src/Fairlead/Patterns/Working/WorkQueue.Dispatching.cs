using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Stores;
using Fairlead.Patterns.Working;

namespace Fairlead;

/// <content>Items arrive from senders, wait, and are handed to workers.</content>
public sealed partial class WorkQueue
{
    private const string InDoubt = "a lost worker may have processed the item";

    private static readonly TimeSpan AfterFault = TimeSpan.FromMilliseconds(100);

    private readonly RankedLock _gate = new(LockRank.WorkQueue);
    private readonly WorkItems _items;
    private readonly List<WorkPlace> _workers = [];
    private Task _taking = Task.CompletedTask;
    private TaskCompletionSource? _room;
    private TaskCompletionSource? _drained;
    private readonly TaskCompletionSource<bool> _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopTaking = new();
    private readonly WorkCounters _counters = new();
    private bool _isTaking = true;
    private int _waitsForFinish;
    private long _taken;
    private int _held;
    private int _turn;
    private long _lateAcceptances;

    /// <summary>For tests that force an order of events: called after each hand-over, with a check whether the answer has
    /// arrived.</summary>
    internal Action<Func<bool>>? BeforeFollowing { get; set; }

    /// <summary>Takes items while the queue has capacity. Other items stay with their senders, which then wait.</summary>
    private async Task TakeAsync()
    {
        await RoomForRecoveredAsync().ConfigureAwait(false);
        while (!_stopTaking.IsCancellationRequested)
        {
            try
            {
                if (await Core.Receivers.ReceiveAsync(null, _stopTaking.Token).ConfigureAwait(false) is not { } received)
                {
                    return;
                }

                await TakeAsync(new Message(received)).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stopTaking.IsCancellationRequested)
            {
                return;
            }
            catch (ObjectDisposedException)
            {
                // The queue is closing; waiting items have gone back to their senders.
                return;
            }
            catch (Exception exception)
            {
                // Whatever the error was, keep serving senders, but pause first: the fault may be permanent.
                FairleadEventSource.Log.Contained("taking an item", exception.ToString());
                await Task.Delay(AfterFault, TimeProvider.System).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Takes an item. Completes when there is capacity for another.</summary>
    private async Task TakeAsync(Message message)
    {
        WorkItem item = new(this, message);
        if (item.Message.WantsReceipt)
        {
            // Register before any other thread has the item and could release its memory. End unregisters it.
            item.Watch = item.Message.CancellationToken.UnsafeRegister(
                static state => ((WorkItem)state!).Queue.TakeBack((WorkItem)state), item);
        }

        Task room = CountIn(item);
        if (_store is { } store)
        {
            await StoreAsync(item, store).ConfigureAwait(false);
        }
        else
        {
            Enter(item);
        }

        await room.WaitAsync(_stopTaking.Token).ConfigureAwait(false);
    }

    /// <summary>Counts an item in. Completes when there is capacity for another.</summary>
    private Task CountIn(WorkItem item)
    {
        using (_gate.Hold())
        {
            if (item.Number > 0)
            {
                // It was given up before, and is in the queue again.
                _counters.Count(WorkCount.TriedAgain);
            }
            else
            {
                _items.Register(item);
                if (item.IsRecovered)
                {
                    _counters.Count(WorkCount.Recovered);
                }
                else
                {
                    _taken++;
                }
            }

            if (++_held >= _options.MaxItems && !_items.IsClosed)
            {
                _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                return _room.Task;
            }

            return Task.CompletedTask;
        }
    }

    /// <summary>Appends an item to the queue.</summary>
    private void Enter(WorkItem item)
    {
        bool isTakenBack;
        bool isClosed;
        using (_gate.Hold())
        {
            // A cancellation from here on finds the item in the queue.
            isTakenBack = item.Message.IsTakenBack;
            isClosed = _items.IsClosed;
            item.IsClaimed = isTakenBack || isClosed;
            if (!item.IsClaimed)
            {
                _items.Add(item);
            }
        }

        if (isTakenBack)
        {
            EndTakenBack(item);
        }
        else if (isClosed)
        {
            EndGivenBack(item);
        }

        Dispatch();
    }

    /// <summary>Hands out waiting items while workers have capacity, and gives up an item that no worker accepts.</summary>
    private void Dispatch()
    {
        while (TryDispatch(out HandedOut handedOut))
        {
            if (handedOut.Task is { } task)
            {
                // Outside the gate: the answer may have arrived already, and handling it takes the gate and may run user code.
                BeforeFollowing?.Invoke(() => task.IsCompleted);
                _ = FollowAsync(task, handedOut.HandOut!);
            }
            else
            {
                _ = RefuseTooLongAsync(handedOut.Item, handedOut.Longest);
            }
        }
    }

    /// <summary>Removes the first waiting item and hands it out. Returns false if no item waits, or no worker has capacity for
    /// it.</summary>
    /// <remarks>The item leaves the list before a worker can have it. A later return of the item then finds it in no list.</remarks>
    private bool TryDispatch(out HandedOut handedOut)
    {
        handedOut = default;
        using (_gate.Hold())
        {
            if (_items.TryTake() is not { } first)
            {
                return false;
            }

            if (TryHandOut(first, out handedOut))
            {
                return true;
            }

            _items.PutBack(first);
            return false;
        }
    }

    /// <summary>Hands out an item round robin to workers that have capacity and accept its length. Called under the gate.</summary>
    private bool TryHandOut(WorkItem item, out HandedOut handedOut)
    {
        Span<byte> space = stackalloc byte[16];
        HeadWriter head = new(space);
        MessageHeader header = MessageHeader.Of(
            MessageKind.Deliver, flags: item.MayHaveBeenRead ? MessageFlags.Redelivered : MessageFlags.None);
        if (item.Deliveries > 0)
        {
            head.Add(HeadField.Deliveries, (ulong)item.Deliveries);
        }

        int length = head.Length + item.Message.Length;
        long longest = -1;
        bool isTooLong = _workers.Count > 0;
        for (int i = 0; i < _workers.Count; i++)
        {
            WorkPlace worker = _workers[(_turn + i) % _workers.Count];
            if (!worker.Link.LinkSender.Takes(length))
            {
                longest = Math.Max(longest, worker.Link.LinkSender.LongestToPeer - head.Length);
                continue;
            }

            isTooLong = false;
            if (worker.InHand >= _options.Prefetch || worker.Late > 0)
            {
                continue;
            }

            LinkOperation call = LinkOperation.Rent(Core, isBlocking: false, header, head.Written);
            call.PeerLink = worker.Link;
            ValueTask<LinkResult> task = call.Task;
            if (TrySend(worker, item, call, head.Written))
            {
                _turn = (_turn + i + 1) % _workers.Count;
                WorkHandOut handOut = new(item, worker, call.Header.Id, _items.Now);
                _items.Begin(handOut);
                handedOut = new HandedOut(item, handOut, task, 0);
                return true;
            }

            call.EndUnsent();
            _ = Forget(task);
        }

        // The item would hold up all items behind it, waiting for a worker that may never come.
        item.IsClaimed = isTooLong;
        handedOut = new HandedOut(item, null, null, longest);
        return isTooLong;
    }

    /// <summary>Gives up an item that is too long for every connected worker, and tells its sender why.</summary>
    private async Task RefuseTooLongAsync(WorkItem item, long longest)
    {
        await GiveUpAsync(
                item,
                $"no worker accepts {item.Message.Length} bytes: the most that a worker accepts is {longest} (?maxmessage=)")
            .ConfigureAwait(false);
        Dispatch();
    }

    private async Task FollowAsync(ValueTask<LinkResult> task, WorkHandOut handOut)
    {
        if (task.IsCompleted)
        {
            // An answer has arrived already. Handling it inside the loop that hands out would nest one call on top of the other.
            await Task.Yield();
        }

        LinkResult result = await task.ConfigureAwait(false);
        Delivery delivery = Outbox.ToDelivery(result, null);
        WorkHandOut? other;
        WorkFate fate;
        using (_gate.Hold())
        {
            fate = _items.End(handOut, result, delivery, out other);
        }

        if (handOut.IsTakenOver && delivery.IsDelivered)
        {
            TellLate(handOut, isCounted: fate == WorkFate.Accepted);
        }

        // Another worker need not do it again, if it has not begun.
        other?.Recall();
        await EndAsync(handOut.Item, fate, delivery.Reason ?? "no worker accepted it").ConfigureAwait(false);
    }

    /// <summary>Takes the result of a call that was never made; this returns its operation to the pool.</summary>
    private static async Task Forget(ValueTask<LinkResult> task) => await task.ConfigureAwait(false);

    /// <summary>An item that has left the list: with a worker and the task of its answer, or without if it is too long for all
    /// workers.</summary>
    private readonly record struct HandedOut(WorkItem Item, WorkHandOut? HandOut, ValueTask<LinkResult>? Task, long Longest);
}
