namespace Fairlead.Transports;

/// <summary>The way by which a transport tells an endpoint that what it sends makes no progress, and why.</summary>
/// <remarks>Belongs to the settings of one endpoint, which watches it. Owns the present reason; no lock. One thread at a time
/// tells.</remarks>
internal sealed class Hindrance
{
    private Action<string?>? _watch;
    private string? _why;

    /// <summary>Reports every reason to the endpoint from now on, and one that was told before. Called once.</summary>
    public void Watch(Action<string?> watch)
    {
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

    /// <summary>Tells the reason; null: there is progress again.</summary>
    public void Tell(string? why)
    {
        Interlocked.Exchange(ref _why, why);
        Volatile.Read(ref _watch)?.Invoke(why);
    }
}
