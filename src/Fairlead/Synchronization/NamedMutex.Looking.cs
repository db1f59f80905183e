using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Waiting;

namespace Fairlead.Synchronization;

/// <content>Inspection of the mutex without entering it.</content>
public sealed partial class NamedMutex
{
    /// <summary>A snapshot of the owner; <see langword="null"/> if the mutex is free.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public LockHolder? Holder => this.Kept(_core.Snapshot()).Holder;

    /// <summary>A snapshot of the waiters, in the order in which they will enter.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public IReadOnlyList<LockHolder> Waiters => this.Kept(_core.Snapshot()).Waiters;
}
