using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Waiting;

namespace Fairlead.Synchronization;

/// <content>What is seen without taking part.</content>
public sealed partial class NamedMutex
{
    /// <summary>Who is inside, as it was a moment ago; <see langword="null"/>: nobody.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public LockHolder? Holder => this.Kept(_core.Snapshot()).Holder;

    /// <summary>Who waits, in the order in which they will enter, as it was a moment ago.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public IReadOnlyList<LockHolder> Waiters => this.Kept(_core.Snapshot()).Waiters;
}
