using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;

namespace Fairlead;

/// <summary>
/// The items of a work queue that wait, that workers have, and that wait for their next try. Decides what becomes of an item when a worker
/// answers for it, or has it too long.
/// </summary>
/// <remarks>Owns the three lists and the clock's alarm. Under the queue's gate; the counters are read without it.</remarks>
internal sealed class WorkItems : IDisposable
{
    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(24);

    private readonly WorkQueueOptions _options;
    private readonly LinkedList<WorkItem> _waiting = new();

    // In the order in which they were handed out, which is that of their deadlines. Only with a time after which items are taken over.
    private readonly LinkedList<WorkHandOut> _handedOut = new();

    // By the time at which they enter the queue again.
    private readonly PriorityQueue<WorkItem, long> _delayed = new();

    // Null where the options set no times.
    private readonly ITimer? _alarm;
    private long _armedFor = long.MaxValue;
    private long _redeliveries;
    private long _takenOver;

    /// <param name="options">The limits and times.</param>
    /// <param name="owner">Calls <see cref="TakeDue"/> when it is alarmed.</param>
    public WorkItems(WorkQueueOptions options, IAlarmed owner)
    {
        _options = options;
        if (options.TakeOverAfter is not null || options.RetryDelay > TimeSpan.Zero)
        {
            _alarm = Alarm.Create(options.TimeProvider, owner, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>How often an item was, or will be, handed out again.</summary>
    public long Redeliveries => Interlocked.Read(ref _redeliveries);

    /// <summary>How often an item was taken over.</summary>
    public long TakenOver => Interlocked.Read(ref _takenOver);

    /// <summary>The time, by the clock of the queue.</summary>
    public long Now => _options.TimeProvider.GetTimestamp();

    /// <summary>Whether the queue is closed: what workers return does not wait any more.</summary>
    public bool IsClosed { get; private set; }

    public static void RequireTimes(WorkQueueOptions options)
    {
        if (options.TakeOverAfter is { } time)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(time, TimeSpan.Zero, nameof(options));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(time, LongestTime, nameof(options));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(options.RetryDelay, TimeSpan.Zero, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxRetryDelay, options.RetryDelay, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxRetryDelay, LongestTime, nameof(options));
    }

    /// <summary>Appends an item.</summary>
    public void Add(WorkItem item) => _waiting.AddLast(item.Place);

    /// <summary>Takes the first item out; null: none waits.</summary>
    public WorkItem? TryTake()
    {
        WorkItem? first = _waiting.First?.Value;
        if (first is not null)
        {
            _waiting.Remove(first.Place);
        }

        return first;
    }

    /// <summary>Puts an item before all others.</summary>
    public void PutBack(WorkItem item) => _waiting.AddFirst(item.Place);

    /// <summary>Removes an item that waits, also before its next try; false: it does not wait.</summary>
    public bool TryLeave(WorkItem item)
    {
        if (item.Place.List is null)
        {
            return _delayed.Remove(item, out _, out _);
        }

        _waiting.Remove(item.Place);
        return true;
    }

    /// <summary>Takes all items that wait out, for good.</summary>
    public List<WorkItem> Close()
    {
        IsClosed = true;
        List<WorkItem> items = [.. _waiting, .. _delayed.UnorderedItems.Select(static delayed => delayed.Element)];
        _waiting.Clear();
        _delayed.Clear();
        items.ForEach(static item => item.IsClaimed = true);
        return items;
    }

    /// <summary>Notes that a worker has an item.</summary>
    public void Begin(WorkHandOut handOut)
    {
        handOut.Worker.InHand++;
        handOut.Item.At = handOut;
        if (_options.TakeOverAfter is { } time)
        {
            _handedOut.AddLast(handOut.Place);
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
        List<WorkItem> first = [];
        if (!IsClosed)
        {
            long now = Now;
            TakeOver(now, stuck, first, ended);
            while (_delayed.TryPeek(out _, out long due) && due <= now)
            {
                first.Add(_delayed.Dequeue());
            }
        }

        // Before all items that came later.
        for (int i = first.Count - 1; i >= 0; i--)
        {
            PutBack(first[i]);
        }

        ArmForNext();
    }

    public void Dispose() => _alarm?.Dispose();

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
        item.Deliveries >= _options.MaxDeliveries ? WorkFate.GivenUp
        : isTakenBack ? WorkFate.TakenBack
        : IsClosed ? WorkFate.GivenBack
        : WorkFate.Waits;

    private void TakeOver(
        long now, List<WorkHandOut> stuck, List<WorkItem> waiting, List<(WorkItem Item, WorkFate Fate)> ended)
    {
        while (_handedOut.First?.Value is { } handOut && After(handOut.Since, _options.TakeOverAfter!.Value) <= now)
        {
            WorkItem item = handOut.Item;
            stuck.Add(handOut);
            MarkTakenOver(handOut);
            item.At = null;
            item.Deliveries++;
            item.MayHaveBeenRead = true;
            item.Doubts++;
            _takenOver++;
            WorkFate fate = Returned(item, item.Message.IsTakenBack);
            item.IsClaimed = fate != WorkFate.Waits;
            if (item.IsClaimed)
            {
                ended.Add((item, fate));
            }
            else
            {
                _redeliveries++;
                waiting.Add(item);
            }
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
        long due = After(Now, TimeSpan.FromSeconds(pause));
        _delayed.Enqueue(item, due);
        ArmFor(due);
        return true;
    }

    private long After(long start, TimeSpan time) => start + (long)(time.TotalSeconds * _options.TimeProvider.TimestampFrequency);

    private void ArmForNext()
    {
        if (_handedOut.First?.Value is { } first)
        {
            ArmFor(After(first.Since, _options.TakeOverAfter!.Value));
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

            // Timers count whole milliseconds, and may ring before a fraction is over.
            _alarm!.Change(TimeSpan.FromMilliseconds(Math.Ceiling(seconds * 1000)), Timeout.InfiniteTimeSpan);
        }
    }
}
