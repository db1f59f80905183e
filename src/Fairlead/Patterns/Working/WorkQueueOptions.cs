using Fairlead.Patterns.Working;

namespace Fairlead;

/// <summary>The options of a <see cref="WorkQueue"/>.</summary>
public sealed record WorkQueueOptions : EndpointOptions
{
    /// <summary>The most items in the queue, waiting or at workers; default 10,000. When it is full, senders wait.</summary>
    public int MaxItems { get; init; } = 10_000;

    /// <summary>The most items at one worker at one time, read or unread; default 16.</summary>
    /// <remarks>
    /// A small number spreads items fairly, and leaves little to repeat when the worker dies. A large number avoids pauses between items.
    /// </remarks>
    public int Prefetch { get; init; } = 16;

    /// <summary>How often an item is handed out before it is given up; default 5.</summary>
    public int MaxDeliveries { get; init; } = 5;

    /// <summary>
    /// How long a worker may have an item before another gets it, too; null, the default: as long as its connection lasts. At most 24 days.
    /// </summary>
    /// <remarks>
    /// The time counts from the hand-over, also while the item lies unread behind others: choose it longer than a worker needs for
    /// <see cref="Prefetch"/> items. The item is called back from the slow worker, and is marked <see cref="Message.Redelivered"/> for the
    /// next. The slow worker gets nothing more until it has answered for what it has. If it accepts the item after all, the first
    /// acceptance counts, and <see cref="LateAcceptance"/> is told.
    /// </remarks>
    public TimeSpan? TakeOverAfter { get; init; }

    /// <summary>How long an item that a worker has returned, or died with, waits before another gets it; default: not at all.</summary>
    /// <remarks>
    /// The pause doubles with each delivery, up to <see cref="MaxRetryDelay"/>, and is shortened by up to a half at random. Items behind it
    /// do not wait. An item that was taken over does not wait either.
    /// </remarks>
    public TimeSpan RetryDelay { get; init; }

    /// <summary>The longest <see cref="RetryDelay"/>; default one minute, at most 24 days.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Is told of each item that a worker has accepted after it was taken over. Must not block.</summary>
    /// <remarks>An exception is reported by <see cref="MessagingEndpoint.HandlerFailed"/>.</remarks>
    public Action<LateAcceptance>? LateAcceptance { get; init; }

    /// <summary>
    /// The log that keeps the items until they have ended: <c>log://jobs</c>, or the path of one. Null, the default: they are in memory
    /// only.
    /// </summary>
    /// <remarks>
    /// A message counts as acknowledged when it is on the disk. A sender with <c>?durable=true</c> in its address waits for that, and any
    /// sender does when it closes. An acknowledged item survives the end of the process and of the machine: the next queue with this store
    /// has the items that had not ended, and marks them <see cref="Message.Redelivered"/>. The log belongs to this queue alone. Its only
    /// option is <c>segment</c>, 16 MiB by default.
    /// </remarks>
    public Address? Store { get; init; }

    /// <summary>Gets the items that are given up. If null, they are counted as dropped.</summary>
    /// <remarks>
    /// The item ends when the callback returns or throws. The exception's message becomes part of the reason. The sender of a type 2
    /// message is told in any case.
    /// </remarks>
    public Func<DeadLetter, ValueTask>? DeadLetter { get; init; }

    /// <summary>How many given up items of type 1 the queue keeps, for <see cref="WorkQueue.Retry"/>; default 0.</summary>
    /// <remarks>
    /// The oldest are dropped when there are more. They do not count against <see cref="MaxItems"/>, and a queue that has no other items is
    /// drained. <see cref="DeadLetter"/> is called all the same. With a <see cref="Store"/> they are kept for the next queue, too. An item
    /// of type 2 is not kept: its sender was told that it was not delivered.
    /// </remarks>
    public int KeepGivenUp { get; init; }

    /// <summary>
    /// Whether other processes of this user on this machine may list, drop and retry items, by <see cref="WorkQueueControl"/> or
    /// <c>fairlead work list</c>; default false.
    /// </summary>
    /// <remarks>The queue then has a second endpoint, at a <c>unix://</c> address.</remarks>
    public bool AllowControl { get; init; }

    /// <exception cref="ArgumentOutOfRangeException">A number or a time is out of its range.</exception>
    internal static void Check(WorkQueueOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxItems, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Prefetch, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxDeliveries, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.KeepGivenUp, nameof(options));
        if (options.TakeOverAfter is { } time)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(time, TimeSpan.Zero, nameof(options));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(time, WorkItems.LongestTime, nameof(options));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(options.RetryDelay, TimeSpan.Zero, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxRetryDelay, options.RetryDelay, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxRetryDelay, WorkItems.LongestTime, nameof(options));
    }
}
