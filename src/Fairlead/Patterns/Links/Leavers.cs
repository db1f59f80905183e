namespace Fairlead.Patterns.Links;

/// <summary>
/// Operations of a link that takes no more, which any peer may be given: they go to another link, in the order of their asking.
/// </summary>
/// <remarks>Under the link's send lock. They leave under the endpoint's gate too (<see cref="MoveTo"/>).</remarks>
internal sealed class Leavers
{
    // Those that lay there when the link was lost: before all that wait by now.
    private readonly List<LinkOperation> _first = [];

    // Those that found it lost: behind them.
    private readonly List<LinkOperation> _late = [];

    /// <summary>Whether there are any. A hint without the lock.</summary>
    public bool Any => _first.Count + _late.Count > 0;

    /// <summary>What was dropped behind the last of those that lay there.</summary>
    public long Missed { get; set; }

    /// <summary>One more.</summary>
    /// <param name="operation">Which goes.</param>
    /// <param name="isLate">Whether it found the link lost.</param>
    public void Add(LinkOperation operation, bool isLate)
    {
        operation.At = LinkOperation.Stage.Moving;
        (isLate ? _late : _first).Add(operation);
    }

    /// <summary>One that waits no more.</summary>
    public void Remove(LinkOperation operation) => _ = _first.Remove(operation) || _late.Remove(operation);

    /// <summary>Hands them over. Under the endpoint's gate: from one queue to the other nobody can withdraw them.</summary>
    public void MoveTo(SendQueue waiting)
    {
        foreach (LinkOperation operation in _first)
        {
            operation.Rest();
        }

        // Before those that came between the loss and this.
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
