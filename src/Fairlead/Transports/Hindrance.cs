namespace Fairlead.Transports;

/// <summary>The way by which a transport tells an endpoint that what it sends makes no progress, or that its broker is lost, and
/// why.</summary>
/// <remarks>Belongs to the settings of one endpoint, which watches it. Owns the present reason; no lock. One thread at a time
/// tells.</remarks>
internal sealed class Hindrance
{
    private Action<string?>? _watch;
    private Action<string?, int>? _onLost;
    private string? _why;

    /// <summary>Reports every reason to the endpoint from now on, and one that was told before. Called once.</summary>
    /// <param name="watch">Gets the reason why there is no progress; null: there is progress again.</param>
    /// <param name="onLost">Gets the reason of a loss; null, and the number of attempts, when the broker was found.</param>
    public void Watch(Action<string?> watch, Action<string?, int> onLost)
    {
        Volatile.Write(ref _onLost, onLost);
        Interlocked.Exchange(ref _watch, watch);
        for (string? seen = null; Volatile.Read(ref _why) is var why && why != seen; seen = why)
        {
            watch(why);
        }
    }

    /// <summary>Settings are compared by what they ask for. This way is no part of that.</summary>
    public override bool Equals(object? obj) => obj is Hindrance;

    /// <inheritdoc/>
    public override int GetHashCode() => 0;

    /// <summary>Tells that the broker is lost and sought; null: it was found, after this number of attempts.</summary>
    public void Lose(string? why, int attempts) => Volatile.Read(ref _onLost)?.Invoke(why, attempts);

    /// <summary>Tells the reason; null: there is progress again.</summary>
    public void Tell(string? why)
    {
        Interlocked.Exchange(ref _why, why);
        Volatile.Read(ref _watch)?.Invoke(why);
    }
}
