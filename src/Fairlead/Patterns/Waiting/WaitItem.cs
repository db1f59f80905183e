using Fairlead.Native;

namespace Fairlead.Patterns.Waiting;

/// <summary>One thing that a set waits for.</summary>
internal abstract class WaitItem(WaitCore set, ulong token)
{
    private int _isDetached;

    /// <summary>What it is in the poll set, where it is in there.</summary>
    public ulong Token { get; } = token;

    /// <summary>What its user attached: an endpoint, a handle, a signal; null for timers.</summary>
    public abstract object? Source { get; }

    /// <summary>Under what its user knows it.</summary>
    public object? Owner { get; set; }

    /// <summary>Whether it waits to be looked at. Under the set's gate.</summary>
    public bool IsListed { get; set; }

    public bool IsDetached => Volatile.Read(ref _isDetached) != 0;

    protected WaitCore Set { get; } = set;

    /// <summary>Begins to watch. Once, before anything else; the release is <see cref="Detach"/>.</summary>
    public virtual void Attach(PollSet pollSet)
    {
    }

    /// <summary>What it is ready for now. By the waiting thread, without a lock.</summary>
    public abstract Readiness Take(out int count);

    /// <summary>Takes it out of the set, from any thread; the second time does nothing.</summary>
    public void Detach()
    {
        if (Interlocked.Exchange(ref _isDetached, 1) == 0)
        {
            Release();
            Set.Remove(this);
        }
    }

    /// <summary>Lets go of what it watches.</summary>
    protected abstract void Release();
}
