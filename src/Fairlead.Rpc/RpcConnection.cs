using Fairlead.Rpc.Callbacks;
using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Matchmaking;

namespace Fairlead.Rpc;

/// <summary>A connection to a service.</summary>
/// <remarks>Owns the endpoint, and the callbacks of its calls. Any thread may call, any number at the same time.</remarks>
public class RpcConnection : IAsyncDisposable, IDisposable
{
    private readonly IClientLane _lane;

    private protected RpcConnection(IRpcLane lane, RpcChannel channel) => (_lane, Channel) = ((IClientLane)lane, channel);

    /// <summary>Calls members by their numbers. For generated code and for tools.</summary>
    public RpcChannel Channel { get; }

    /// <summary>The address of the server; null: each instance of the service has died.</summary>
    public Address? Address => _lane.Address;

    /// <summary>The process of the server; null: the transport does not know it, or it has gone.</summary>
    public Peer? Server => Channel.Server;

    /// <summary>The server's contract; of several, the one for which this connection was opened, or the first.</summary>
    public RpcDescription Description => Channel.Offered;

    /// <summary>
    /// Completes when the connection has ended for good. One to a service by name ends when it is disposed: it goes on with other
    /// instances.
    /// </summary>
    public Task Completion => _lane.Completion;

    /// <summary>Returns a stub of a further contract of the server. Its calls use this connection.</summary>
    /// <typeparam name="T">The contract.</typeparam>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: the server does not offer the contract. NotSupported: T is not a contract.
    /// </exception>
    public async ValueTask<T> GetServiceAsync<T>(CancellationToken cancellationToken = default)
        where T : class
    {
        RpcContract<T> contract = RpcContracts.Of<T>();
        return contract.CreateStub(await GetChannelAsync(contract.Description, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Returns the way to a further contract of the server, over this connection. For tools.</summary>
    /// <param name="contract">The contract, such as one of <see cref="DescribeAsync"/>.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="FairleadException">Incompatible: the server does not offer the contract.</exception>
    public ValueTask<RpcChannel> GetChannelAsync(RpcDescription contract, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(contract);
        return Channel.OpenFurtherAsync(contract, cancellationToken);
    }

    /// <summary>Asks the server for all contracts that it offers.</summary>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The contracts, in the order of the server.</returns>
    public ValueTask<IReadOnlyList<RpcDescription>> DescribeAsync(CancellationToken cancellationToken = default) =>
        Channel.DescribeAsync(cancellationToken);

    /// <summary>Closes the connection. Calls that are under way fail, and callbacks end.</summary>
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);

        Channel.Callbacks?.Dispose();
        await _lane.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The blocking form of <see cref="DisposeAsync"/>.</summary>
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    internal static async ValueTask<RpcConnection> OpenAsync(
        string service, RpcClientOptions options, CancellationToken cancellationToken)
    {
        (IClientLane lane, RpcChannel channel) = await DialAsync(service, null, options, cancellationToken).ConfigureAwait(false);
        return new RpcConnection(lane, channel);
    }

    private protected static async ValueTask<(IClientLane Lane, RpcChannel Channel)> DialAsync(
        string service, RpcDescription? wanted, RpcClientOptions options, CancellationToken cancellationToken)
    {
        IClientLane lane = ServiceName.IsAddress(service)
            ? await RequesterLane.ConnectAsync(Address.Parse(service), options.Endpoint, cancellationToken).ConfigureAwait(false)
            : await ServiceLane.ConnectAsync(ServiceName.Check(service), wanted, options, cancellationToken).ConfigureAwait(false);
        try
        {
            CallbackHost callbacks = new(lane, options);
            return (lane, await RpcChannel.OpenAsync(lane, callbacks, wanted, options, cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            await lane.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
