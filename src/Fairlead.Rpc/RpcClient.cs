namespace Fairlead.Rpc;

/// <summary>A connection to a service, and the stub through which it is called.</summary>
/// <typeparam name="T">The contract.</typeparam>
/// <inheritdoc cref="RpcConnection" path="/remarks"/>
public sealed class RpcClient<T> : RpcConnection
    where T : class
{
    private RpcClient(Requester requester, RpcChannel channel, RpcContract<T> contract)
        : base(requester, channel) => Service = contract.CreateStub(channel);

    /// <summary>The service: each call of a member is a call at the server.</summary>
    public T Service { get; }

    internal static async ValueTask<RpcClient<T>> OpenAsync(
        Address address, RpcContract<T> contract, RpcClientOptions options, CancellationToken cancellationToken)
    {
        (Requester requester, RpcChannel channel) =
            await DialAsync(address, contract.Description, options, cancellationToken).ConfigureAwait(false);
        return new RpcClient<T>(requester, channel, contract);
    }
}
