using Fairlead.Synchronization.Waiting;

namespace Fairlead.Synchronization;

/// <summary>
/// One entry into a mutex. It belongs to this value, not to a thread: it may cross an <c>await</c>, and any thread may dispose it.
/// Disposing it leaves the mutex; a second time is harmless. A scope that is never disposed keeps the mutex until its process ends;
/// Fairlead reports it as an event.
/// </summary>
public readonly struct MutexScope : IDisposable, IAsyncDisposable, IEquatable<MutexScope>
{
    private readonly Stay _stay;

    internal MutexScope(Stay stay) => _stay = stay;

    /// <summary>
    /// Whether an owner died inside without a later call of <see cref="MarkConsistent"/>. The guarded data may be half changed.
    /// </summary>
    public bool OwnerDied => _stay.Hold?.IsInDoubt(_stay.Entry) ?? false;

    /// <summary>
    /// Declares the guarded data consistent again: later entries no longer report the death. Without this call, the next entry reports it
    /// too.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The mutex has been left.</exception>
    public void MarkConsistent() => Hold.MarkConsistent(_stay.Entry);

    /// <summary>Enters a recursive mutex once more, immediately. Any thread that has this scope may call it.</summary>
    /// <exception cref="InvalidOperationException">The mutex is not recursive.</exception>
    /// <exception cref="ObjectDisposedException">The mutex has been left.</exception>
    public MutexScope Enter() => new(Hold.EnterAgain(_stay.Entry));

    private MutexHold Hold => _stay.Hold ?? throw new ObjectDisposedException(nameof(MutexScope));

    /// <summary>The entry behind this scope.</summary>
    internal Stay Stay => _stay;

    /// <summary>Leaves the mutex. Harmless the second time.</summary>
    public void Dispose() => _stay.Hold?.Leave(_stay.Entry);

    /// <summary>Leaves the mutex; completes immediately.</summary>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    /// <inheritdoc/>
    public bool Equals(MutexScope other) => _stay == other._stay;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is MutexScope other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _stay.GetHashCode();

    /// <summary>Whether both scopes are the same entry.</summary>
    public static bool operator ==(MutexScope left, MutexScope right) => left.Equals(right);

    /// <summary>Whether the scopes are different entries.</summary>
    public static bool operator !=(MutexScope left, MutexScope right) => !left.Equals(right);
}
