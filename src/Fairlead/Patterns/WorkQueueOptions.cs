namespace Fairlead;

/// <summary>What a <see cref="WorkQueue"/> may be told.</summary>
public sealed record WorkQueueOptions : EndpointOptions
{
    /// <summary>Items that the queue holds, waiting or in workers' hands; default 10,000. When it is full, senders wait.</summary>
    public int MaxItems { get; init; } = 10_000;

    /// <summary>
    /// Items that one worker has at once, unread or in hand; default 16. Small: fair, and little to do again when it dies. Large: no pause
    /// between two items.
    /// </summary>
    public int Prefetch { get; init; } = 16;

    /// <summary>How often an item is handed out before it is given up; default 5.</summary>
    public int MaxDeliveries { get; init; } = 5;

    /// <summary>
    /// Gets the items that are given up. Its return ends the item; its exception does too, with that reason for the sender. Null: they are
    /// counted as dropped, and the sender of a type 2 message is told in any case.
    /// </summary>
    public Func<DeadLetter, ValueTask>? DeadLetter { get; init; }
}
