using Fairlead.Synchronization.Waiting;

namespace Fairlead.Synchronization;

/// <summary>
/// The time writing under a <see cref="NamedReaderWriterLock"/>. It belongs to whoever has this value, not to a thread: it may cross an
/// <c>await</c> and be disposed anywhere. Disposing it leaves; a second time is harmless. One that is lost without that keeps its part of
/// the lock until its process ends, and is reported as an event.
/// </summary>
public readonly struct WriteScope : IDisposable, IAsyncDisposable, IEquatable<WriteScope>
{
    private readonly WriteHold? _hold;

    internal WriteScope(WriteHold? hold) => _hold = hold;

    /// <summary>
    /// Whether a writer died inside, and no writer has said since that all is right: what the lock guards may be half changed.
    /// </summary>
    public bool OwnerDied => _hold?.IsInDoubt ?? false;

    /// <summary>
    /// What the lock guards is right again: who enters next is not told of the death any more. Leaving without it tells the next one.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The lock has been left.</exception>
    public void MarkConsistent() => (_hold ?? throw new ObjectDisposedException(nameof(WriteScope))).MarkConsistent();

    /// <summary>Leaves. Harmless the second time.</summary>
    public void Dispose() => _hold?.Dispose();

    /// <summary>Leaves; completes at once.</summary>
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

    /// <summary>Whether both are the same stay.</summary>
    public static bool operator ==(WriteScope left, WriteScope right) => left.Equals(right);

    /// <summary>Whether they are not the same stay.</summary>
    public static bool operator !=(WriteScope left, WriteScope right) => !left.Equals(right);
}
