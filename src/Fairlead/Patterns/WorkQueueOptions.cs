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

    /// <summary>Gets the items that are given up. If null, they are counted as dropped.</summary>
    /// <remarks>
    /// The item ends when the callback returns or throws. The exception's message becomes part of the reason. The sender of a type 2
    /// message is told in any case.
    /// </remarks>
    public Func<DeadLetter, ValueTask>? DeadLetter { get; init; }
}
