namespace Fairlead.Synchronization;

/// <content>Inspection of the semaphore without a permit.</content>
public sealed partial class NamedSemaphore
{
    /// <summary>A snapshot of the number of free permits.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public int CurrentCount => this.Kept(_core.CurrentCount);

    /// <summary>A snapshot of the owners of permits; in no order.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public IReadOnlyList<LockHolder> Holders => this.Kept(_core.Snapshot()).Holders;

    /// <summary>A snapshot of the waiters, in the order in which they will get permits.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public IReadOnlyList<LockHolder> Waiters => this.Kept(_core.Snapshot()).Waiters;

    /// <summary>The largest number of permits.</summary>
    public int Maximum => _core.Maximum;
}
