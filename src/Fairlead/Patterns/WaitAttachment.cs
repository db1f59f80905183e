using Fairlead.Patterns.Waiting;

namespace Fairlead;

/// <summary>An attachment to a <see cref="WaitSet"/>. Disposing it detaches the source but does not close it.</summary>
public sealed class WaitAttachment : IDisposable
{
    private readonly WaitItem _item;

    internal WaitAttachment(WaitItem item, object? state)
    {
        _item = item;
        State = state;
    }

    /// <summary>The object that was passed when attaching.</summary>
    public object? State { get; }

    /// <summary>The endpoint, handle or signal; null for a timer.</summary>
    public object? Source => _item.Source;

    /// <summary>Whether it is still in the set: not disposed, its endpoint not closed, its one-time timer not reported.</summary>
    public bool IsAttached => !_item.IsDetached;

    /// <summary>Takes the source out of the set. Does not block, and a second call has no effect.</summary>
    /// <remarks>A thread that is waiting may report the source once more if it was ready before.</remarks>
    public void Dispose() => _item.Detach();
}
