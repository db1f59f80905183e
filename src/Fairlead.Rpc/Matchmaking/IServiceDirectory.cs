namespace Fairlead.Rpc.Matchmaking;

/// <summary>Where a client finds the instances of a service: the registry of this machine, or a matchmaker on the network.</summary>
internal interface IServiceDirectory : IAsyncDisposable
{
    /// <summary>Returns the live instances of a service.</summary>
    /// <exception cref="FairleadException">The matchmaker is not reached.</exception>
    ValueTask<IReadOnlyList<ServiceInstance>> FindAsync(string name, CancellationToken cancellationToken);

    /// <summary>Waits until an instance of a service lives.</summary>
    /// <param name="name">The name of the service.</param>
    /// <param name="wait">How long to wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FairleadException">NotFound: none has appeared in time.</exception>
    ValueTask WaitAsync(string name, TimeSpan wait, CancellationToken cancellationToken);
}

/// <summary>The registry of this machine. Not thread-safe.</summary>
internal sealed class LocalDirectory : IServiceDirectory
{
    // For the error. The first reader after a death sees it.
    private ServiceInstance? _dead;

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ServiceInstance>> FindAsync(string name, CancellationToken cancellationToken) =>
        new(Matchmaker.Find(name, ref _dead));

    /// <inheritdoc/>
    public ValueTask WaitAsync(string name, TimeSpan wait, CancellationToken cancellationToken) =>
        Matchmaker.WaitAsync(name, _dead, wait, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => default;
}
