namespace Fairlead;

/// <summary>The place of an item of a <see cref="WorkQueue"/>.</summary>
public enum WorkItemState
{
    /// <summary>It waits for a worker.</summary>
    Waiting,

    /// <summary>It waits for its time, or for its next try.</summary>
    Delayed,

    /// <summary>A worker has it.</summary>
    AtWorker,

    /// <summary>No worker has accepted it. It stays until it is retried or dropped.</summary>
    GivenUp,
}
