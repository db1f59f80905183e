namespace Fairlead.Rpc.Matchmaking;

/// <summary>The matchmaker over the network: a contract as any other, which <c>fairlead matchmaker serve</c> serves.</summary>
[RpcContract(Name = "Fairlead.Rpc.IMatchmaker")]
internal interface IMatchmaker
{
    /// <summary>
    /// Registers an instance of a service. The one item comes when it is registered; its entry lives as long as the stream.
    /// </summary>
    IAsyncEnumerable<bool> RegisterAsync(ServiceEntry entry, CancellationToken cancellationToken = default);

    /// <summary>Returns the instances of a service, the eldest first; those of all services for an empty name. At most 1,000.</summary>
    [Idempotent]
    ValueTask<IReadOnlyList<ServiceEntry>> FindAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>Returns all of them, in pages. No page is empty.</summary>
    IAsyncEnumerable<IReadOnlyList<ServiceEntry>> ListAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>Returns the instances of a service now, and again whenever one has come or gone. At most 1,000.</summary>
    IAsyncEnumerable<IReadOnlyList<ServiceEntry>> WatchAsync(string name, CancellationToken cancellationToken = default);
}

/// <summary>The codes of a matchmaker's own errors.</summary>
internal static class MatchmakerError
{
    /// <summary>The entry is not one that other clients should see.</summary>
    public const int BadEntry = 1;

    /// <summary>The client, or all together, have as many entries as are accepted.</summary>
    public const int TooMany = 2;

    /// <summary>The client may not register a service of this name.</summary>
    public const int Denied = 3;
}
