namespace Fairlead.Rpc;

/// <summary>A contract by which any client can ask any server whether it works. After grpc.health.v1.</summary>
/// <remarks>
/// A server offers it beside its own: <c>new RpcServices().Add&lt;IOrders>(orders).Add&lt;IServiceHealth>(health)</c>. At the shell:
/// <c>fairlead call orders CheckAsync --contract Fairlead.Health</c>.
/// </remarks>
[RpcContract(Name = "Fairlead.Health")]
public interface IServiceHealth
{
    /// <summary>Asks once.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    [Idempotent]
    Task<ServiceHealth> CheckAsync(CancellationToken cancellationToken = default);

    /// <summary>Asks, and hears of each change.</summary>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>The health now, and again after each change, until the server ends.</returns>
    IAsyncEnumerable<ServiceHealth> WatchAsync(CancellationToken cancellationToken = default);
}

/// <summary>The health of a service.</summary>
/// <param name="State">Whether it takes calls.</param>
/// <param name="Text">What is wrong; empty if nothing is.</param>
public sealed record ServiceHealth(ServiceState State, string Text);

/// <summary>Whether a service takes calls.</summary>
public enum ServiceState
{
    /// <summary>It does.</summary>
    Serving,

    /// <summary>It does not: something that it needs is missing, or it stops.</summary>
    NotServing,
}
