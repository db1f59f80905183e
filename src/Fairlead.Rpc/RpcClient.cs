using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc;

/// <summary>A connection to a service, and the stub through which it is called.</summary>
/// <typeparam name="T">The contract.</typeparam>
/// <inheritdoc cref="RpcConnection" path="/remarks"/>
public sealed class RpcClient<T> : RpcConnection
    where T : class
{
    private RpcClient(IRpcLane lane, RpcChannel channel, RpcContract<T> contract)
        : base(lane, channel) => Service = contract.CreateStub(channel);

    /// <summary>The service: each call of a member is a call at the server.</summary>
    public T Service { get; }

    internal static async ValueTask<RpcClient<T>> OpenAsync(
        string service, RpcContract<T> contract, RpcClientOptions options, CancellationToken cancellationToken)
    {
        (IRpcLane lane, RpcChannel channel) =
            await DialAsync(service, contract.Description, options, cancellationToken).ConfigureAwait(false);
        return new RpcClient<T>(lane, channel, contract);
    }
}
