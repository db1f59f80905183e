using Fairlead.Rpc.Matchmaking;

namespace Fairlead.Rpc;

/// <summary>A live instance of a service.</summary>
/// <param name="Name">The name of the service.</param>
/// <param name="Contract">
/// The name of the contract, or the names of several with commas between them. If they are too long, a number such as <c>+3</c> at the end
/// counts the others.
/// </param>
/// <param name="Hash">
/// The hash of the contract: <see cref="RpcDescription.Hash"/>. For several contracts, a hash of all of them.
/// </param>
/// <param name="Addresses">Its addresses, the fastest first.</param>
/// <param name="ProcessId">The process.</param>
/// <param name="Program">The command line of the process.</param>
/// <param name="Since">When it began.</param>
/// <param name="Clients">How many clients are connected.</param>
/// <param name="Calls">How many calls it has received. A call with streams is one.</param>
public sealed record ServiceInstance(
    string Name,
    string Contract,
    ulong Hash,
    IReadOnlyList<Address> Addresses,
    int ProcessId,
    string Program,
    DateTimeOffset Since,
    long Clients,
    long Calls)
{
    /// <summary>The label of its server, <see cref="EndpointOptions.Label"/> of <see cref="RpcServerOptions.Endpoint"/>; empty without
    /// one.</summary>
    public string Label { get; init; } = "";

    /// <summary>The names of its contracts, without those that <see cref="Contract"/> only counts.</summary>
    public IReadOnlyList<string> Contracts => ContractNames.Parse(Contract);

    /// <summary>Identifies the instance. Its endpoints share it: each of them may be the first to appear and the first to go.</summary>
    internal string Id { get; init; } = "";

    /// <summary>The host, for an instance that was found over the network: its clients and calls are not known. Else empty.</summary>
    public string Host { get; init; } = "";
}
