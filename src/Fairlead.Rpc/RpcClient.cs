namespace Fairlead.Rpc;

/// <summary>A connection to a service, and the stub through which it is called.</summary>
/// <typeparam name="T">The contract.</typeparam>
/// <remarks>Owns the connection. Any thread may call, any number at once.</remarks>
public sealed class RpcClient<T> : IAsyncDisposable, IDisposable
    where T : class
{
    private readonly RpcChannel _channel;

    internal RpcClient(RpcChannel channel, RpcContract<T> contract)
    {
        _channel = channel;
        Service = contract.CreateStub(channel);
    }

    /// <summary>The service: each call of a member is a call at the server.</summary>
    public T Service { get; }

    /// <summary>The address of the server.</summary>
    public Address Address => _channel.Requester.Address;

    /// <summary>The process of the server; null: the transport does not know it, or it has gone.</summary>
    public Peer? Server => _channel.Server;

    /// <summary>The server's contract.</summary>
    public RpcDescription Description => _channel.Offered;

    /// <summary>Completes when the connection has ended for good, with the reason.</summary>
    public Task<EndpointEnd> Completion => _channel.Requester.Completion;

    /// <summary>Closes the connection. Calls that are under way fail.</summary>
    public ValueTask DisposeAsync() => _channel.DisposeAsync();

    /// <summary>The blocking form of <see cref="DisposeAsync"/>.</summary>
    public void Dispose() => _channel.DisposeAsync().AsTask().GetAwaiter().GetResult();
}
