using Fairlead.Synchronization.Waiting;

namespace Fairlead.Synchronization;

/// <summary>
/// One entry into a <see cref="NamedReaderWriterLock"/> for writing. It belongs to this value, not to a thread: it may cross an
/// <c>await</c>, and any thread may dispose it. Disposing it leaves the lock; a second time is harmless. A scope that is never disposed
/// keeps its part of the lock until its process ends; Fairlead reports it as an event.
/// </summary>
public readonly struct WriteScope : IDisposable, IAsyncDisposable, IEquatable<WriteScope>
{
    private readonly WriteHold? _hold;

    internal WriteScope(WriteHold? hold) => _hold = hold;

    /// <summary>
    /// Whether a writer died inside and no writer has called <see cref="WriteScope.MarkConsistent"/> since. The guarded data may be half
    /// changed.
    /// </summary>
    public bool OwnerDied => _hold?.IsInDoubt ?? false;

    /// <summary>
    /// Declares the guarded data consistent again: later entries no longer report the death. Without this call, the next entry reports it
    /// too.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The lock has been left.</exception>
    public void MarkConsistent() => (_hold ?? throw new ObjectDisposedException(nameof(WriteScope))).MarkConsistent();

    /// <summary>Leaves the lock. Harmless the second time.</summary>
    public void Dispose() => _hold?.Dispose();

    /// <summary>Leaves the lock; completes immediately.</summary>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    /// <inheritdoc/>
    public bool Equals(WriteScope other) => ReferenceEquals(_hold, other._hold);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is WriteScope other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _hold?.GetHashCode() ?? 0;

    /// <summary>Whether both scopes are the same entry.</summary>
    public static bool operator ==(WriteScope left, WriteScope right) => left.Equals(right);

    /// <summary>Whether the scopes are different entries.</summary>
    public static bool operator !=(WriteScope left, WriteScope right) => !left.Equals(right);
}
