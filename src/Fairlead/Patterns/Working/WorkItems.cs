using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Working;

/// <summary>
/// The items of a work queue that wait, that workers have, that wait for their time, and that were given up. Decides what becomes of an
/// item when a worker answers for it, or has it too long.
/// </summary>
/// <remarks>Owns the four lists and the clock's alarm. Under the queue's gate; the counters are read without it.</remarks>
internal sealed class WorkItems : IDisposable
{
    internal static readonly TimeSpan LongestTime = TimeSpan.FromDays(24);

    /// <summary>Items for later than this wait so long: a time that no clock can count is as good as never.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(36_500);

    private readonly WorkQueueOptions _options;
    private readonly WaitingItems _waiting = new();

    // In the order in which they were handed out, which is that of their deadlines.
    private readonly LinkedList<WorkHandOut> _handedOut = new();

    // By the time at which they enter the queue, or enter it again.
    private readonly PriorityQueue<WorkItem, long> _delayed = new();

    // The oldest first.
    private readonly LinkedList<WorkItem> _givenUp = new();
    private readonly ITimer _alarm;
    private long _armedFor = long.MaxValue;
    private long _lastNumber;
    private long _redeliveries;
    private long _takenOver;

    /// <param name="options">The limits and times.</param>
    /// <param name="owner">Calls <see cref="TakeDue"/> when it is alarmed.</param>
    public WorkItems(WorkQueueOptions options, IAlarmed owner)
    {
        _options = options;
        _alarm = Alarm.Create(options.TimeProvider, owner, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How often an item was, or will be, handed out again.</summary>
    public long Redeliveries => Interlocked.Read(ref _redeliveries);

    /// <summary>How often an item was taken over.</summary>
    public long TakenOver => Interlocked.Read(ref _takenOver);

    /// <summary>The time, by the clock of the queue.</summary>
    public long Now => _options.TimeProvider.GetTimestamp();

    /// <summary>Whether the queue is closed: what workers return does not wait any more.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Gives an item the number by which it is found.</summary>
    public void Register(WorkItem item) => item.Number = ++_lastNumber;

    /// <summary>Appends an item, when its time has come.</summary>
    public void Add(WorkItem item)
    {
        if (item.Options.NotBefore is { } time && time - _options.TimeProvider.GetUtcNow() is { Ticks: > 0 } delay)
        {
            Delay(item, After(Now, delay < LongestDelay ? delay : LongestDelay));
        }
        else
        {
            _waiting.Add(item);
        }
    }

    /// <summary>Takes the first item out; null: none waits.</summary>
    public WorkItem? TryTake() => _waiting.TryTake();

    /// <summary>Puts an item before all others of its priority.</summary>
    public void PutBack(WorkItem item) => _waiting.PutBack(item);

    /// <summary>Removes an item that waits, also for its time; false: it does not wait.</summary>
    public bool TryLeave(WorkItem item) => _waiting.TryRemove(item) || _delayed.Remove(item, out _, out _);

    /// <summary>Takes all items that no worker has out, for good.</summary>
    /// <param name="givenUp">Those that were given up.</param>
    /// <returns>Those that wait.</returns>
    public List<WorkItem> Close(out List<WorkItem> givenUp)
    {
        IsClosed = true;
        List<WorkItem> items = [.. _waiting.All, .. _delayed.UnorderedItems.Select(static delayed => delayed.Element)];
        givenUp = [.. _givenUp];
        _waiting.Clear();
        _delayed.Clear();
        _givenUp.Clear();
        items.ForEach(static item => item.IsClaimed = true);
        return items;
    }

    /// <summary>Keeps an item that was given up, if it may be kept. Its sender learns nothing more.</summary>
    /// <param name="item">The item.</param>
    /// <param name="evicted">An older one for which there is no place any more. The caller ends it.</param>
    public bool TryKeep(WorkItem item, out WorkItem? evicted)
    {
        evicted = null;
        if (IsClosed || _options.KeepGivenUp == 0 || item.Message.WantsReceipt || item.IsDropped)
        {
            return false;
        }

        if (_givenUp.Count >= _options.KeepGivenUp)
        {
            evicted = _givenUp.First!.Value;
            _givenUp.RemoveFirst();
        }

        _givenUp.AddLast(item.Place);
        return true;
    }

    /// <summary>Takes an item out of those that were given up; false: it is none of them.</summary>
    public bool TryForgive(WorkItem item)
    {
        if (item.Place.List != _givenUp)
        {
            return false;
        }

        _givenUp.Remove(item.Place);
        return true;
    }

    /// <summary>Lets a delayed item wait for a worker now; false: it is not delayed.</summary>
    public bool TryHasten(WorkItem item)
    {
        if (!_delayed.Remove(item, out _, out _))
        {
            return false;
        }

        Resume(item);
        return true;
    }

    /// <summary>Describes all items, in the order in which they may be handed out, then those at workers, and those given up.</summary>
    public IEnumerable<WorkItemPlace> All() =>
    [
        .. _waiting.All.Select(static item => new WorkItemPlace(item, WorkItemState.Waiting)),
        .. _delayed.UnorderedItems.OrderBy(static delayed => delayed.Priority)
            .Select(delayed => new WorkItemPlace(delayed.Element, WorkItemState.Delayed) { Due = TimeOf(delayed.Priority) }),
        .. _handedOut.Select(static handOut => new WorkItemPlace(handOut.Item, WorkItemState.AtWorker)
        {
            Worker = handOut.Worker.Link.Peer,
        }),
        .. _givenUp.Select(static item => new WorkItemPlace(item, WorkItemState.GivenUp)),
    ];

    /// <summary>Returns the items that have these numbers and have not ended.</summary>
    public List<WorkItem> Find(IReadOnlySet<long> numbers) =>
        [.. All().Where(place => numbers.Contains(place.Item.Number)).Select(static place => place.Item)];

    /// <summary>Notes that a worker has an item.</summary>
    public void Begin(WorkHandOut handOut)
    {
        handOut.Worker.InHand++;
        handOut.Item.At = handOut;
        _handedOut.AddLast(handOut.Place);
        if (_options.TakeOverAfter is { } time)
        {
            ArmFor(After(handOut.Since, time));
        }
    }

    /// <summary>Decides what becomes of an item that a worker has answered, or has left.</summary>
    /// <param name="handOut">The item at this worker. It has the item no longer.</param>
    /// <param name="result">The answer.</param>
    /// <param name="delivery">What it says.</param>
    /// <param name="other">The worker that has the item now, and need not do it any more.</param>
    public WorkFate End(WorkHandOut handOut, LinkResult result, Delivery delivery, out WorkHandOut? other)
    {
        other = null;
        handOut.Worker.InHand--;
        handOut.Worker.Late -= handOut.IsTakenOver ? 1 : 0;
        Unwatch(handOut);
        return handOut.IsTakenOver ? JudgeLate(handOut.Item, result, delivery, out other) : Judge(handOut.Item, result, delivery);
    }

    /// <summary>Takes the items that workers have had too long from them, and lets those wait again whose pause is over.</summary>
    /// <param name="stuck">Receives what was taken over.</param>
    /// <param name="ended">Receives what does not wait again. The caller ends it.</param>
    public void TakeDue(List<WorkHandOut> stuck, List<(WorkItem Item, WorkFate Fate)> ended)
    {
        _armedFor = long.MaxValue;
        if (!IsClosed)
        {
            long now = Now;
            List<WorkItem> first = [];
            while (_options.TakeOverAfter is { } time && _handedOut.First?.Value is { } handOut && After(handOut.Since, time) <= now)
            {
                stuck.Add(handOut);
                WorkFate fate = TakeOver(handOut);
                if (fate == WorkFate.Waits)
                {
                    first.Add(handOut.Item);
                }
                else
                {
                    ended.Add((handOut.Item, fate));
                }
            }

            List<WorkItem> due = [];
            while (_delayed.TryPeek(out _, out long time) && time <= now)
            {
                due.Add(_delayed.Dequeue());
            }

            // Items that had been handed out go before all that came later, in their order. Others come now.
            first.AddRange(due.Where(static item => item.Deliveries > 0));
            first.Reverse();
            first.ForEach(PutBack);
            due.Where(static item => item.Deliveries == 0).ToList().ForEach(_waiting.Add);
        }

        ArmForNext();
    }

    /// <summary>Takes an item from the worker that has it.</summary>
    /// <returns>Waits: the caller puts it back. Otherwise the caller ends it.</returns>
    public WorkFate TakeOver(WorkHandOut handOut)
    {
        WorkItem item = handOut.Item;
        MarkTakenOver(handOut);
        item.At = null;
        item.Deliveries++;
        item.MayHaveBeenRead = true;
        item.Doubts++;
        _takenOver++;
        WorkFate fate = Returned(item, item.Message.IsTakenBack);
        item.IsClaimed = fate != WorkFate.Waits;
        _redeliveries += item.IsClaimed ? 0 : 1;
        return fate;
    }

    public void Dispose() => _alarm.Dispose();

    private WorkFate Judge(WorkItem item, LinkResult result, Delivery delivery)
    {
        // A worker that returns an item unread has had it, too, unless its sender took it back: it could get it again and again.
        bool isTakenBack = item.Message.IsTakenBack;
        bool isReturnedUnasked = result.Outcome == LinkOutcome.Answered && !isTakenBack;
        bool isHandedOut = result.WasRead || isReturnedUnasked;
        item.At = null;
        item.Deliveries += isHandedOut ? 1 : 0;
        item.MayHaveBeenRead |= result.WasRead;
        item.Doubts += result.WasRead && result.Outcome != LinkOutcome.Answered ? 1 : 0;
        WorkFate fate = delivery.IsDelivered ? WorkFate.Accepted : Returned(item, isTakenBack);
        item.IsClaimed = fate != WorkFate.Waits;
        if (fate == WorkFate.Waits)
        {
            _redeliveries++;
            if (!TryDelay(item, isHandedOut))
            {
                PutBack(item);
            }
        }

        return fate;
    }

    // The memory of the item may be released: another has ended it.
    private WorkFate JudgeLate(WorkItem item, LinkResult result, Delivery delivery, out WorkHandOut? other)
    {
        other = null;
        if (!delivery.IsDelivered)
        {
            // A worker that returns it has not done it. One that was lost may have.
            item.Doubts -= result.WasRead && result.Outcome != LinkOutcome.Answered ? 0 : 1;
            return WorkFate.Waits;
        }

        if (item.IsClaimed)
        {
            return WorkFate.Waits;
        }

        item.IsClaimed = true;
        if (!TryLeave(item) && item.At is { } at)
        {
            other = at;
            item.At = null;
            MarkTakenOver(at);
        }

        return WorkFate.Accepted;
    }

    /// <summary>Decides what becomes of an item that a worker has not accepted.</summary>
    private WorkFate Returned(WorkItem item, bool isTakenBack) =>
        item.IsDropped ? WorkFate.Dropped
        : item.Deliveries >= _options.MaxDeliveries ? WorkFate.GivenUp
        : isTakenBack ? WorkFate.TakenBack
        : IsClosed ? WorkFate.GivenBack
        : WorkFate.Waits;

    private void Resume(WorkItem item)
    {
        if (item.Deliveries > 0)
        {
            _waiting.PutBack(item);
        }
        else
        {
            _waiting.Add(item);
        }
    }

    private void MarkTakenOver(WorkHandOut handOut)
    {
        Unwatch(handOut);
        handOut.IsTakenOver = true;
        handOut.Worker.Late++;
    }

    private void Unwatch(WorkHandOut handOut)
    {
        if (handOut.Place.List is not null)
        {
            _handedOut.Remove(handOut.Place);
        }
    }

    /// <summary>Lets an item wait that a worker had, if it is to.</summary>
    private bool TryDelay(WorkItem item, bool wasHandedOut)
    {
        if (!wasHandedOut || _options.RetryDelay == TimeSpan.Zero)
        {
            return false;
        }

        double pause = Math.Min(
            _options.MaxRetryDelay.TotalSeconds, _options.RetryDelay.TotalSeconds * Math.Pow(2, Math.Max(0, item.Deliveries - 1)));

        // Items that failed together, because of one outage, must not come back together.
        pause *= 1 - (Random.Shared.NextDouble() / 2);
        Delay(item, After(Now, TimeSpan.FromSeconds(pause)));
        return true;
    }

    private void Delay(WorkItem item, long due)
    {
        _delayed.Enqueue(item, due);
        ArmFor(due);
    }

    private DateTimeOffset TimeOf(long due)
    {
        TimeSpan rest = TimeSpan.FromSeconds((due - Now) / (double)_options.TimeProvider.TimestampFrequency);
        DateTimeOffset time = _options.TimeProvider.GetUtcNow();
        return rest < DateTimeOffset.MaxValue - time ? time + rest : DateTimeOffset.MaxValue;
    }

    private long After(long start, TimeSpan time) => start + (long)(time.TotalSeconds * _options.TimeProvider.TimestampFrequency);

    private void ArmForNext()
    {
        if (_options.TakeOverAfter is { } time && _handedOut.First?.Value is { } first)
        {
            ArmFor(After(first.Since, time));
        }

        if (_delayed.TryPeek(out _, out long due))
        {
            ArmFor(due);
        }
    }

    // It rings early where what it was armed for has gone, and is armed anew then.
    private void ArmFor(long due)
    {
        if (due < _armedFor)
        {
            _armedFor = due;
            double seconds = Math.Max(0, due - Now) / (double)_options.TimeProvider.TimestampFrequency;

            // Timers count whole milliseconds, and may ring before a fraction is over. No timer can be set to more than some weeks.
            double milliseconds = Math.Min(Math.Ceiling(seconds * 1000), LongestTime.TotalMilliseconds);
            _alarm.Change(TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
        }
    }
}
