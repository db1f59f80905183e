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
}
