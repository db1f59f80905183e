using Fairlead.Synchronization.Waiting;

namespace Fairlead.Synchronization;

/// <summary>
/// The time inside a mutex. It belongs to whoever has this value, not to a thread: it may cross an <c>await</c> and be disposed anywhere.
/// Disposing it leaves; a second time is harmless. One that is lost without that keeps the mutex until its process ends, and is reported as
/// an event.
/// </summary>
public readonly struct MutexScope : IDisposable, IAsyncDisposable, IEquatable<MutexScope>
{
    private readonly Stay _stay;

    internal MutexScope(Stay stay) => _stay = stay;

    /// <summary>
    /// Whether an owner died inside, and nobody has called <see cref="MarkConsistent"/> since: what the mutex guards may be half changed.
    /// </summary>
    public bool OwnerDied => _stay.Hold?.IsInDoubt(_stay.Entry) ?? false;

    /// <summary>
    /// What the mutex guards is right again: the next one to enter is not told of the death any more. Leaving without it tells the next
    /// one.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The mutex has been left.</exception>
    public void MarkConsistent() => Hold.MarkConsistent(_stay.Entry);

    /// <summary>Enters once more, at once: of a recursive mutex, in any thread that has been given this scope.</summary>
    /// <exception cref="InvalidOperationException">The mutex is not recursive.</exception>
    /// <exception cref="ObjectDisposedException">The mutex has been left.</exception>
    public MutexScope Enter() => new(Hold.EnterAgain(_stay.Entry));

    private MutexHold Hold => _stay.Hold ?? throw new ObjectDisposedException(nameof(MutexScope));

    /// <summary>Which stay it is.</summary>
    internal Stay Stay => _stay;

    /// <summary>Leaves. Harmless the second time.</summary>
    public void Dispose() => _stay.Hold?.Leave(_stay.Entry);

    /// <summary>Leaves; completes at once.</summary>
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

    /// <summary>Whether both are the same stay.</summary>
    public static bool operator ==(MutexScope left, MutexScope right) => left.Equals(right);

    /// <summary>Whether they are not the same stay.</summary>
    public static bool operator !=(MutexScope left, MutexScope right) => !left.Equals(right);
}
