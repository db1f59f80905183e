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

    /// <summary>The server's contract.</summary>
    public RpcDescription Description => Channel.Offered;

    /// <summary>
    /// Completes when the connection has ended for good. One to a service by name ends when it is disposed: it goes on with other
    /// instances.
    /// </summary>
    public Task Completion => _lane.Completion;

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
