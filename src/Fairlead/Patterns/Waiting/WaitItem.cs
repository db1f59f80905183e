using Fairlead.Native.Waiting;

namespace Fairlead.Patterns.Waiting;

/// <summary>A source that a set waits for.</summary>
internal abstract class WaitItem(WaitCore set, ulong token)
{
    private int _isDetached;

    /// <summary>The item's token in the poll set, if it is in there.</summary>
    public ulong Token { get; } = token;

    /// <summary>The attached object: an endpoint, a handle or a signal; null for timers.</summary>
    public abstract object? Source { get; }

    /// <summary>The attachment by which the user knows this item.</summary>
    public object? Owner { get; set; }

    /// <summary>Whether the item is listed for a check. Under the set's gate.</summary>
    public bool IsListed { get; set; }

    /// <summary>What tells that the item has not been ready for a while; null if it need not be. Set before the item is in the
    /// set.</summary>
    public SilenceItem? Silence { get; set; }

    public bool IsDetached => Volatile.Read(ref _isDetached) != 0;

    protected WaitCore Set { get; } = set;

    /// <summary>Begins to watch. Called once, before all other members; <see cref="Detach"/> ends it.</summary>
    public virtual void Attach(PollSet pollSet)
    {
    }

    /// <summary>Returns what the item is ready for now. Called by the waiting thread, without a lock.</summary>
    public abstract Readiness Take(out int count);

    /// <summary>Takes the item out of the set, from any thread. A second call has no effect.</summary>
    public void Detach()
    {
        if (Interlocked.Exchange(ref _isDetached, 1) == 0)
        {
            Release();
            Silence?.Detach();
            Set.Remove(this);
        }
    }

    /// <summary>Stops watching the source.</summary>
    protected abstract void Release();
}
