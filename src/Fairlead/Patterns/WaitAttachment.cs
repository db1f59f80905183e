using Fairlead.Patterns.Waiting;

namespace Fairlead;

/// <summary>One thing in a <see cref="WaitSet"/>. Disposing it takes it out; what was attached is not closed.</summary>
public sealed class WaitAttachment : IDisposable
{
    private readonly WaitItem _item;

    internal WaitAttachment(WaitItem item, object? state)
    {
        _item = item;
        State = state;
    }

    /// <summary>What was given when it was attached.</summary>
    public object? State { get; }

    /// <summary>The endpoint, the handle, or the signal; null for a timer.</summary>
    public object? Source => _item.Source;

    /// <summary>Whether it is still in the set: not disposed, its endpoint not closed, its only moment not past.</summary>
    public bool IsAttached => !_item.IsDetached;

    /// <summary>
    /// Takes it out of the set. Does not block, also while another thread waits; that one may report it once more if it was ready before.
    /// The second time is harmless.
    /// </summary>
    public void Dispose() => _item.Detach();
}
