namespace Fairlead.Patterns.Working;

/// <summary>Where an item of a work queue is. Valid under the queue's gate.</summary>
internal readonly record struct WorkItemPlace(WorkItem Item, WorkItemState State)
{
    /// <summary>The most bytes of a payload that a list shows.</summary>
    private const int MostShown = 256;

    public DateTimeOffset? Due { get; init; }

    public Peer? Worker { get; init; }

    /// <summary>Returns a copy of what is worth knowing of it.</summary>
    public WorkQueueItem Describe() => new()
    {
        Number = Item.Number,
        State = State,
        Priority = Item.Options.Priority,
        Due = Due,
        Deliveries = Item.Deliveries,
        Length = Item.Message.Length,
        Beginning = Item.Message.Span[..Math.Min(Item.Message.Length, MostShown)].ToArray(),
        WantsReceipt = Item.Message.WantsReceipt,
        Sender = Item.IsRecovered ? null : Item.Message.Peer,
        Worker = Worker,
        Reason = Item.Reason,
    };
}
