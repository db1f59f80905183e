using Fairlead.Synchronization.Waiting;

namespace Fairlead.Synchronization;

/// <summary>
/// The time reading under a <see cref="NamedReaderWriterLock"/>. It belongs to whoever has this value, not to a thread: it may cross an
/// <c>await</c> and be disposed anywhere. Disposing it leaves; a second time is harmless. One that is lost without that keeps its part of
/// the lock until its process ends, and is reported as an event.
/// </summary>
public readonly struct ReadScope : IDisposable, IAsyncDisposable, IEquatable<ReadScope>
{
    private readonly SeatStay _stay;

    internal ReadScope(SeatStay stay) => _stay = stay;

    /// <summary>
    /// Whether a writer died inside, and no writer has said since that all is right: what the lock guards may be half changed.
    /// </summary>
    public bool OwnerDied => _stay.IsInDoubt;

    /// <summary>Leaves. Harmless the second time.</summary>
    public void Dispose() => _stay.Leave();

    /// <summary>Leaves; completes at once.</summary>
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

    /// <summary>Whether both are the same stay.</summary>
    public static bool operator ==(ReadScope left, ReadScope right) => left.Equals(right);

    /// <summary>Whether they are not the same stay.</summary>
    public static bool operator !=(ReadScope left, ReadScope right) => !left.Equals(right);
}
