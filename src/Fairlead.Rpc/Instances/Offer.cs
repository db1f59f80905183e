namespace Fairlead.Rpc.Instances;

/// <summary>A contract that was added to the services of a server.</summary>
/// <param name="Contract">The contract.</param>
/// <param name="Concurrency">Returns which of its calls may run at the same time at a server with these options.</param>
/// <param name="Serve">Makes what executes its calls at one server.</param>
internal sealed record Offer(
    RpcDescription Contract, Func<RpcServerOptions, RpcConcurrency> Concurrency, Func<InstanceOwner, ServedContract> Serve);
