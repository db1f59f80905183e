using Fairlead.Synchronization.Waiting;

namespace Fairlead.Synchronization;

/// <summary>
/// One entry into a <see cref="NamedReaderWriterLock"/> for reading. It belongs to this value, not to a thread: it may cross an
/// <c>await</c>, and any thread may dispose it. Disposing it leaves the lock; a second time is harmless. A scope that is never disposed
/// keeps its part of the lock until its process ends; Fairlead reports it as an event.
/// </summary>
public readonly struct ReadScope : IDisposable, IAsyncDisposable, IEquatable<ReadScope>
{
    private readonly SlotStay _stay;

    internal ReadScope(SlotStay stay) => _stay = stay;

    /// <summary>
    /// Whether a writer died inside and no writer has called <see cref="WriteScope.MarkConsistent"/> since. The guarded data may be half
    /// changed.
    /// </summary>
    public bool OwnerDied => _stay.IsInDoubt;

    /// <summary>Leaves the lock. Harmless the second time.</summary>
    public void Dispose() => _stay.Leave();

    /// <summary>Leaves the lock; completes immediately.</summary>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    /// <inheritdoc/>
    public bool Equals(ReadScope other) => _stay == other._stay;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ReadScope other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _stay.GetHashCode();

    /// <summary>Whether both scopes are the same entry.</summary>
    public static bool operator ==(ReadScope left, ReadScope right) => left.Equals(right);

    /// <summary>Whether the scopes are different entries.</summary>
    public static bool operator !=(ReadScope left, ReadScope right) => !left.Equals(right);
}
