using Fairlead.Patterns.Stores;

namespace Fairlead.Patterns.Working;

/// <summary>An item of a work queue. Under the queue's gate, except while one thread alone has it.</summary>
internal sealed class WorkItem
{
    public WorkItem(WorkQueue queue, Message message)
    {
        (Queue, Message, Options) = (queue, message, WorkItemOptions.Read(message.Core.Head));
        Place = new LinkedListNode<WorkItem>(this);
    }

    public WorkQueue Queue { get; }

    public Message Message { get; }

    /// <summary>When it is handed out.</summary>
    public WorkItemOptions Options { get; init; }

    /// <summary>Identifies it in its queue.</summary>
    public long Number { get; set; }

    /// <summary>The item's node in the list of items that wait, or of those that were given up; detached if it is in neither.</summary>
    public LinkedListNode<WorkItem> Place { get; }

    /// <summary>The worker that has the item; null if it waits, or was taken over.</summary>
    public WorkHandOut? At { get; set; }

    /// <summary>Whether it was dropped while a worker had it: it is not handed out again.</summary>
    public bool IsDropped { get; set; }

    /// <summary>Why it was given up.</summary>
    public string? Reason { get; set; }

    /// <summary>Whether its end is decided: the thread that sets it under the gate ends the item, alone.</summary>
    public bool IsClaimed { get; set; }

    /// <summary>Its place in the store; null without a store.</summary>
    public StoredItem? Stored { get; set; }

    /// <summary>Why it cannot be stored.</summary>
    public FairleadException? Refusal { get; set; }

    /// <summary>Whether it was in the store when the queue began.</summary>
    public bool IsRecovered { get; init; }

    /// <summary>Whether the queue ended before it could acknowledge the item.</summary>
    public bool IsUntold { get; set; }

    /// <summary>Whether the store keeps it for the next queue.</summary>
    public bool IsKept { get; set; }

    /// <summary>Observes the sender, which may cancel the item.</summary>
    public CancellationTokenRegistration Watch { get; set; }

    public int Deliveries { get; set; }

    public bool MayHaveBeenRead { get; set; }

    /// <summary>How many workers may have processed the item without answering: lost ones, and such as it was taken over from.</summary>
    public int Doubts { get; set; }
}
