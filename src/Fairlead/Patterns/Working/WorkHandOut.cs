namespace Fairlead.Patterns.Working;

/// <summary>An item of a work queue at a worker. Under the queue's gate.</summary>
internal sealed class WorkHandOut
{
    private readonly uint _call;

    public WorkHandOut(WorkItem item, WorkPlace worker, uint call, long since)
    {
        (Item, Worker, _call, Since) = (item, worker, call, since);
        Place = new LinkedListNode<WorkHandOut>(this);
    }

    public WorkItem Item { get; }

    public WorkPlace Worker { get; }

    /// <summary>When the worker got it, by the clock of the queue.</summary>
    public long Since { get; }

    /// <summary>Its node among those that may be taken over; detached if it may not.</summary>
    public LinkedListNode<WorkHandOut> Place { get; }

    /// <summary>Whether the item is no longer this worker's. What it answers is late.</summary>
    public bool IsTakenOver { get; set; }

    /// <summary>Asks the worker to return the item if it has not read it. Without the gate.</summary>
    public void Recall() => Worker.Link.Calls.Recall(_call);
}
