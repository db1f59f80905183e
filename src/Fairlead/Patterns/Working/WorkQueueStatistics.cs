namespace Fairlead;

/// <summary>What became of the items of a work queue, of type 1 and 2. Each item that the queue took has one end.</summary>
/// <remarks>
/// The numbers are read one after the other. In a queue without traffic <see cref="Taken"/>, <see cref="Recovered"/> and
/// <see cref="TriedAgain"/> together are as many as all others together.
/// </remarks>
public readonly record struct WorkQueueStatistics
{
    /// <summary>Items that senders gave to the queue.</summary>
    public long Taken { get; init; }

    /// <summary>
    /// Items of the queue before this one, from the <see cref="WorkQueueOptions.Store"/>, that waited for a worker again.
    /// </summary>
    public long Recovered { get; init; }

    /// <summary>Items that had been given up and were put back by <see cref="WorkQueue.Retry"/>.</summary>
    public long TriedAgain { get; init; }

    /// <summary>Items that have not ended: they wait, or are at workers.</summary>
    public long Held { get; init; }

    /// <summary>Items that workers have accepted.</summary>
    public long Accepted { get; init; }

    /// <summary>Items that no worker accepted. An item that was tried again, and given up again, counts twice.</summary>
    public long GivenUp { get; init; }

    /// <summary>Items that <see cref="WorkQueue.Drop"/> ended before they were accepted or given up.</summary>
    public long Dropped { get; init; }

    /// <summary>Items whose senders gave up, by a timeout or token, before a worker accepted them.</summary>
    public long TakenBack { get; init; }

    /// <summary>Items that no worker had accepted when the queue closed, and that no store keeps. Those of type 1 are lost.</summary>
    public long GivenBack { get; init; }

    /// <summary>Items that the store had no room for.</summary>
    public long Refused { get; init; }

    /// <summary>Items of type 1 that were left in the store for the next queue when this one closed.</summary>
    public long LeftInStore { get; init; }
}
