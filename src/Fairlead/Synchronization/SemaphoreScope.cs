using Fairlead.Synchronization.Waiting;

namespace Fairlead.Synchronization;

/// <summary>
/// A permit of a <see cref="NamedSemaphore"/>. It belongs to this value, not to a thread: it may cross an <c>await</c>, and any thread may
/// dispose it. Disposing it returns the permit; a second time is harmless. A scope that is never disposed keeps the permit until its
/// process ends; Fairlead reports it as an event.
/// </summary>
public readonly struct SemaphoreScope : IDisposable, IAsyncDisposable, IEquatable<SemaphoreScope>
{
    private readonly SlotStay _stay;

    internal SemaphoreScope(SlotStay stay) => _stay = stay;

    /// <summary>Returns the permit. Harmless the second time.</summary>
    public void Dispose() => _stay.Leave();

    /// <summary>Returns the permit; completes immediately.</summary>
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

    /// <summary>Whether both scopes are the same entry.</summary>
    public static bool operator ==(SemaphoreScope left, SemaphoreScope right) => left.Equals(right);

    /// <summary>Whether the scopes are different entries.</summary>
    public static bool operator !=(SemaphoreScope left, SemaphoreScope right) => !left.Equals(right);
}
