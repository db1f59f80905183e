using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <content>Items come from senders, wait, and go to workers.</content>
public sealed partial class WorkQueue
{
    private const string InDoubt = "a worker that was lost may have done it";

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

    /// <summary>
    /// For tests alone, which force an order of events: called behind each hand-over with what tells whether the answer has come already.
    /// </summary>
    internal Action<Func<bool>>? BeforeFollowing { get; set; }

    /// <summary>Takes items while there is room; what is not taken stays with its sender, who then waits.</summary>
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
                // The queue ends: what waits was given back to its senders.
                return;
            }
            catch (Exception exception)
            {
                // Whatever it was, the senders that come go on being served, though not in a race with a fault that stays.
                FairleadEventSource.Log.Contained("taking an item", exception.ToString());
                await Task.Delay(AfterFault, TimeProvider.System).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Puts an item behind all that wait. Completes when there is room for another.</summary>
    private Task TakeAsync(Message message)
    {
        Task room = Task.CompletedTask;
        Item item = new(this, message);
        if (item.Message.WantsReceipt)
        {
            // Before anybody else has it, and could give its memory back. Unregistered by End.
            item.Watch = item.Message.CancellationToken.UnsafeRegister(static state => ((Item)state!).Queue.TakeBack((Item)state), item);
        }

        bool isTakenBack;
        bool isClosed;
        using (_gate.Hold())
        {
            // What is taken back from now on finds it in the queue.
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

    /// <summary>Hands out what waits, as far as workers have room, and gives up what none of them takes.</summary>
    private void Dispatch()
    {
        while (TryDispatch(out HandedOut handedOut))
        {
            if (handedOut.Task is { } task)
            {
                // Without the gate: the answer may be in already, and what follows from it takes the gate, and may run a user's code.
                BeforeFollowing?.Invoke(() => task.IsCompleted);
                _ = FollowAsync(task, handedOut.Worker!, handedOut.Item);
            }
            else
            {
                _ = RefuseTooLongAsync(handedOut.Item, handedOut.Longest);
            }
        }
    }

    /// <summary>
    /// The first that waits leaves the line before anybody can have it, so that whoever gives it back finds it in none. False: none waits,
    /// or none has room for it.
    /// </summary>
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

    /// <summary>Round robin over the workers that have room and take messages as long as this one. Under the gate.</summary>
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
            call.Link = worker.Link;
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

        // It would hold up all behind it, for workers who may never come.
        handedOut = new HandedOut(item, null, null, longest);
        return isTooLong;
    }

    /// <summary>No worker that is there takes a message as long: it is given up, and its sender told why.</summary>
    private async Task RefuseTooLongAsync(Item item, long longest)
    {
        string why = await GiveUpAsync(
                item,
                $"no worker takes {item.Message.Length} bytes: the longest that one takes is {longest} (?maxmessage=)")
            .ConfigureAwait(false);
        EndUndone(item, ReceiptStatus.NotDelivered, why);
        Dispatch();
    }

    private async Task FollowAsync(ValueTask<LinkResult> task, Worker worker, Item item)
    {
        if (task.IsCompleted)
        {
            // An answer that overtook us is not followed up inside the loop that hands out: one by one, they would stand on top of each
            // other.
            await Task.Yield();
        }

        LinkResult result = await task.ConfigureAwait(false);
        Delivery delivery = Outbox.ToDelivery(result, null);
        item.Deliveries += delivery.IsDelivered || result.WasRead ? 1 : 0;
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
                    // Before all that came later.
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

    /// <summary>Takes the result of a call that was never made, so that its operation is used again.</summary>
    private static async Task Forget(ValueTask<LinkResult> task) => await task.ConfigureAwait(false);

    /// <summary>
    /// An item that has left the line: with a worker, and the task of its answer; or without, since it is longer than any of them takes.
    /// </summary>
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

        /// <summary>In the list of those that wait, or in none.</summary>
        public LinkedListNode<Item> Place { get; }

        /// <summary>The link of the worker that has it, and its number there; null while none has.</summary>
        public Link? At { get; set; }

        public uint Call { get; set; }

        /// <summary>Looks out for its sender, who may take it back.</summary>
        public CancellationTokenRegistration Watch { get; set; }

        public int Deliveries { get; set; }

        public bool MayHaveBeenRead { get; set; }

        /// <summary>Whether a worker that was lost may have done it, who did not give it back itself.</summary>
        public bool IsInDoubt { get; set; }
    }

    private sealed class Worker(Link link)
    {
        public Link Link { get; } = link;

        public int InHand { get; set; }
    }
}
