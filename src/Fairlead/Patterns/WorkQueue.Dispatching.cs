using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead;

/// <content>Items arrive from senders, wait, and are handed to workers.</content>
public sealed partial class WorkQueue
{
    private const string InDoubt = "a lost worker may have processed the item";

    private static readonly TimeSpan AfterFault = TimeSpan.FromMilliseconds(100);

    private readonly RankedLock _gate = new(LockRank.WorkQueue);
    private readonly LinkedList<Item> _waiting = new();
    private readonly List<Worker> _workers = [];
    private Task _taking = Task.CompletedTask;
    private TaskCompletionSource? _room;
    private TaskCompletionSource? _drained;
    private readonly TaskCompletionSource<bool> _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waitsForFinish;
    private bool _isClosed;
    private long _taken;
    private long _givenBack;
    private int _held;
    private int _turn;
    private long _accepted;
    private long _redeliveries;
    private long _givenUp;
    private long _takenBack;

    /// <summary>For tests that force an order of events: called after each hand-over, with a check whether the answer has
    /// arrived.</summary>
    internal Action<Func<bool>>? BeforeFollowing { get; set; }

    /// <summary>Takes items while the queue has capacity. Other items stay with their senders, which then wait.</summary>
    private async Task TakeAsync()
    {
        while (true)
        {
            try
            {
                while (await Core.Receivers.ReceiveAsync(null, CancellationToken.None).ConfigureAwait(false) is { } received)
                {
                    await TakeAsync(new Message(received)).ConfigureAwait(false);
                }

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

    /// <summary>Appends an item to the queue. Completes when there is capacity for another.</summary>
    private Task TakeAsync(Message message)
    {
        Task room = Task.CompletedTask;
        Item item = new(this, message);
        if (item.Message.WantsReceipt)
        {
            // Register before any other thread has the item and could release its memory. End unregisters it.
            item.Watch = item.Message.CancellationToken.UnsafeRegister(static state => ((Item)state!).Queue.TakeBack((Item)state), item);
        }

        bool isTakenBack;
        bool isClosed;
        using (_gate.Hold())
        {
            // A cancellation from here on finds the item in the queue.
            isTakenBack = item.Message.IsTakenBack;
            isClosed = _isClosed;
            if (!isTakenBack && !isClosed)
            {
                _waiting.AddLast(item.Place);
            }

            _taken++;
            if (++_held >= _options.MaxItems && !isClosed)
            {
                _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                room = _room.Task;
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
        return room;
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
                _ = FollowAsync(task, handedOut.Worker!, handedOut.Item);
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
            if (_waiting.First is not { } first)
            {
                return false;
            }

            _waiting.RemoveFirst();
            if (TryHandOut(first.Value, out handedOut))
            {
                return true;
            }

            _waiting.AddFirst(first);
            return false;
        }
    }

    /// <summary>Hands out an item round robin to workers that have capacity and accept its length. Called under the gate.</summary>
    private bool TryHandOut(Item item, out HandedOut handedOut)
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
            Worker worker = _workers[(_turn + i) % _workers.Count];
            if (!worker.Link.Sending.Takes(length))
            {
                longest = Math.Max(longest, worker.Link.Sending.LongestToPeer - head.Length);
                continue;
            }

            isTooLong = false;
            if (worker.InHand >= _options.Prefetch)
            {
                continue;
            }

            LinkOperation call = LinkOperation.Rent(Core, isBlocking: false, header, head.Written);
            call.PeerLink = worker.Link;
            ValueTask<LinkResult> task = call.Task;
            if (TrySend(worker, item, call, head.Written))
            {
                _turn = (_turn + i + 1) % _workers.Count;
                worker.InHand++;
                (item.At, item.Call) = (worker.Link, call.Header.Id);
                handedOut = new HandedOut(item, worker, task, 0);
                return true;
            }

            call.EndUnsent();
            _ = Forget(task);
        }

        // The item would hold up all items behind it, waiting for a worker that may never come.
        handedOut = new HandedOut(item, null, null, longest);
        return isTooLong;
    }

    /// <summary>Gives up an item that is too long for every connected worker, and tells its sender why.</summary>
    private async Task RefuseTooLongAsync(Item item, long longest)
    {
        string why = await GiveUpAsync(
                item,
                $"no worker accepts {item.Message.Length} bytes: the most that a worker accepts is {longest} (?maxmessage=)")
            .ConfigureAwait(false);
        EndUndone(item, ReceiptStatus.NotDelivered, why);
        Dispatch();
    }

    private async Task FollowAsync(ValueTask<LinkResult> task, Worker worker, Item item)
    {
        if (task.IsCompleted)
        {
            // An answer has arrived already. Handling it inside the loop that hands out would nest one call on top of the other.
            await Task.Yield();
        }

        LinkResult result = await task.ConfigureAwait(false);
        Delivery delivery = Outbox.ToDelivery(result, null);

        // A worker that returns an item unread has had it, too, unless its sender took it back: it could get it again and again.
        bool isReturnedUnasked = result.Outcome == LinkOutcome.Answered && !item.Message.IsTakenBack;
        item.Deliveries += result.WasRead || isReturnedUnasked ? 1 : 0;
        item.MayHaveBeenRead |= result.WasRead;
        item.IsInDoubt |= result.WasRead && result.Outcome != LinkOutcome.Answered;
        bool isGivenUp = !delivery.IsDelivered && item.Deliveries >= _options.MaxDeliveries;
        string? whyGivenUp = isGivenUp ? await GiveUpAsync(item, delivery.Reason ?? "no worker accepted it").ConfigureAwait(false) : null;

        bool isTakenBack = false;
        bool isClosed = false;
        using (_gate.Hold())
        {
            item.At = null;
            worker.InHand--;
            if (!delivery.IsDelivered && !isGivenUp)
            {
                isTakenBack = item.Message.IsTakenBack;
                isClosed = _isClosed;
                if (!isTakenBack && !isClosed)
                {
                    // Before all items that came later.
                    _waiting.AddFirst(item.Place);
                    _redeliveries++;
                }
            }
        }

        if (delivery.IsDelivered)
        {
            Interlocked.Increment(ref _accepted);
            End(item, ReceiptStatus.Accepted, null);
        }
        else if (isGivenUp)
        {
            EndUndone(item, ReceiptStatus.NotDelivered, whyGivenUp);
        }
        else if (isTakenBack)
        {
            EndTakenBack(item);
        }
        else if (isClosed)
        {
            EndGivenBack(item);
        }

        Dispatch();
    }

    /// <summary>Takes the result of a call that was never made; this returns its operation to the pool.</summary>
    private static async Task Forget(ValueTask<LinkResult> task) => await task.ConfigureAwait(false);

    /// <summary>An item that has left the list: with a worker and the task of its answer, or without if it is too long for all
    /// workers.</summary>
    private readonly record struct HandedOut(Item Item, Worker? Worker, ValueTask<LinkResult>? Task, long Longest);

    private sealed class Item
    {
        public Item(WorkQueue queue, Message message)
        {
            (Queue, Message) = (queue, message);
            Place = new LinkedListNode<Item>(this);
        }

        public WorkQueue Queue { get; }

        public Message Message { get; }

        /// <summary>The item's node in the list of waiting items; detached if it does not wait.</summary>
        public LinkedListNode<Item> Place { get; }

        /// <summary>The link of the worker that has the item, and the call's number there; null if no worker has it.</summary>
        public Link? At { get; set; }

        public uint Call { get; set; }

        /// <summary>Observes the sender, which may cancel the item.</summary>
        public CancellationTokenRegistration Watch { get; set; }

        public int Deliveries { get; set; }

        public bool MayHaveBeenRead { get; set; }

        /// <summary>Whether a lost worker may have processed the item without answering.</summary>
        public bool IsInDoubt { get; set; }
    }

    private sealed class Worker(Link link)
    {
        public Link Link { get; } = link;

        public int InHand { get; set; }
    }
}
