namespace Fairlead.Synchronization;

/// <content>What is seen without taking part.</content>
public sealed partial class NamedSemaphore
{
    /// <summary>How many permits are free, as it was a moment ago.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public int CurrentCount => this.Kept(_core.CurrentCount);

    /// <summary>Who has entered, as it was a moment ago; in no order.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public IReadOnlyList<LockHolder> Holders => this.Kept(_core.Snapshot()).Holders;

    /// <summary>Who waits, in the order in which they will get permits, as it was a moment ago.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public IReadOnlyList<LockHolder> Waiters => this.Kept(_core.Snapshot()).Waiters;

    /// <summary>How many permits there can be.</summary>
    public int Maximum => _core.Maximum;
}
