using Fairlead.Synchronization.Waiting;

namespace Fairlead;

/// <summary>
/// A permit that has been entered: the time inside. It belongs to whoever has this value, not to a thread: it may cross an <c>await</c> and be disposed anywhere. Disposing it gives the permit back; a second time is harmless. One that is lost
/// without that keeps the permit until its process ends, and is reported as an event.
/// </summary>
public readonly struct SemaphoreScope : IDisposable, IAsyncDisposable, IEquatable<SemaphoreScope>
{
    private readonly PermitHold? _hold;

    internal SemaphoreScope(PermitHold? hold) => _hold = hold;

    /// <summary>Gives the permit back. Harmless the second time.</summary>
    public void Dispose() => _hold?.Dispose();

    /// <summary>Gives the permit back; completes at once.</summary>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    /// <inheritdoc/>
    public bool Equals(SemaphoreScope other) => ReferenceEquals(_hold, other._hold);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SemaphoreScope other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _hold?.GetHashCode() ?? 0;

    /// <summary>Whether both are the same stay.</summary>
    public static bool operator ==(SemaphoreScope left, SemaphoreScope right) => left.Equals(right);

    /// <summary>Whether they are not the same stay.</summary>
    public static bool operator !=(SemaphoreScope left, SemaphoreScope right) => !left.Equals(right);
}
