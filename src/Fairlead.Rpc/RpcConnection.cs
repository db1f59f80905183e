using Fairlead.Rpc.Callbacks;
using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc;

/// <summary>A connection to a service.</summary>
/// <remarks>Owns the endpoint, and the callbacks of its calls. Any thread may call, any number at once.</remarks>
public class RpcConnection : IAsyncDisposable, IDisposable
{
    private readonly Requester _requester;

    private protected RpcConnection(Requester requester, RpcChannel channel) => (_requester, Channel) = (requester, channel);

    /// <summary>Calls members by their numbers. For generated code and for tools.</summary>
    public RpcChannel Channel { get; }

    /// <summary>The address of the server.</summary>
    public Address Address => _requester.Address;

    /// <summary>The process of the server; null: the transport does not know it, or it has gone.</summary>
    public Peer? Server => Channel.Server;

    /// <summary>The server's contract.</summary>
    public RpcDescription Description => Channel.Offered;

    /// <summary>Completes when the connection has ended for good, with the reason.</summary>
    public Task<EndpointEnd> Completion => _requester.Completion;

    /// <summary>Closes the connection. Calls that are under way fail, and callbacks come no more.</summary>
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);

        Channel.Callbacks?.Dispose();

        // Draining would wait for the calls.
        await _requester.CloseAsync(TimeSpan.Zero).ConfigureAwait(false);
        await _requester.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The blocking form of <see cref="DisposeAsync"/>.</summary>
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    internal static async ValueTask<RpcConnection> OpenAsync(
        Address address, RpcClientOptions options, CancellationToken cancellationToken)
    {
        (Requester requester, RpcChannel channel) = await DialAsync(address, null, options, cancellationToken).ConfigureAwait(false);
        return new RpcConnection(requester, channel);
    }

    private protected static async ValueTask<(Requester Requester, RpcChannel Channel)> DialAsync(
        Address address, RpcDescription? wanted, RpcClientOptions options, CancellationToken cancellationToken)
    {
        Requester requester = await Requester.ConnectAsync(address, options.Endpoint, cancellationToken).ConfigureAwait(false);
        try
        {
            RequesterLane lane = new(requester);
            CallbackHost callbacks = new(lane, options);
            return (requester, await RpcChannel.OpenAsync(lane, callbacks, wanted, options, cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            await requester.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
