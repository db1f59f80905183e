using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links.Credit;

/// <summary>Operations of a link that takes no more. They move to another link, in order of sending.</summary>
/// <remarks>Under the link's send lock. <see cref="MoveTo"/> also requires the endpoint's gate.</remarks>
internal sealed class Leavers
{
    // The operations queued when the link was lost. They go before all operations that wait elsewhere.
    private readonly List<LinkOperation> _first = [];

    // The operations that found the link lost. They go behind.
    private readonly List<LinkOperation> _late = [];

    /// <summary>Whether there are any. A hint without the lock.</summary>
    public bool Any => _first.Count + _late.Count > 0;

    /// <summary>The number of messages dropped behind the last of the queued operations.</summary>
    public long Missed { get; set; }

    /// <summary>Adds an operation.</summary>
    /// <param name="operation">The operation to move.</param>
    /// <param name="isLate">Whether it found the link lost.</param>
    public void Add(LinkOperation operation, bool isLate)
    {
        operation.At = LinkOperation.Stage.Requeueing;
        (isLate ? _late : _first).Add(operation);
    }

    /// <summary>Removes an operation that no longer waits.</summary>
    public void Remove(LinkOperation operation) => _ = _first.Remove(operation) || _late.Remove(operation);

    /// <summary>Moves the operations to a queue. Under the endpoint's gate: nothing can withdraw them between the queues.</summary>
    public void MoveTo(SendQueue waiting)
    {
        foreach (LinkOperation operation in _first)
        {
            operation.Rest();
        }

        // Before the operations that came between the loss and now.
        waiting.PutBack(_first, Missed);
        Missed = 0;
        _first.Clear();
        foreach (LinkOperation operation in _late)
        {
            operation.Rest();
            waiting.Enqueue(operation);
        }

        _late.Clear();
    }
}
