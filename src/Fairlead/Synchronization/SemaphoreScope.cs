using Fairlead.Synchronization.Waiting;

namespace Fairlead.Synchronization;

/// <summary>
/// A permit that has been entered: the time inside. It belongs to whoever has this value, not to a thread: it may cross an <c>await</c> and
/// be disposed anywhere. Disposing it gives the permit back; a second time is harmless. One that is lost without that keeps the permit
/// until its process ends, and is reported as an event.
/// </summary>
public readonly struct SemaphoreScope : IDisposable, IAsyncDisposable, IEquatable<SemaphoreScope>
{
    private readonly SeatStay _stay;

    internal SemaphoreScope(SeatStay stay) => _stay = stay;

    /// <summary>Gives the permit back. Harmless the second time.</summary>
    public void Dispose() => _stay.Leave();

    /// <summary>Gives the permit back; completes at once.</summary>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    /// <inheritdoc/>
    public bool Equals(SemaphoreScope other) => _stay == other._stay;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SemaphoreScope other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _stay.GetHashCode();

    /// <summary>Whether both are the same stay.</summary>
    public static bool operator ==(SemaphoreScope left, SemaphoreScope right) => left.Equals(right);

    /// <summary>Whether they are not the same stay.</summary>
    public static bool operator !=(SemaphoreScope left, SemaphoreScope right) => !left.Equals(right);
}
