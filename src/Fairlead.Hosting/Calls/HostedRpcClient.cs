using Fairlead.Rpc;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairlead.Hosting;

/// <summary>A client of remote procedure calls of a host. Services take it by its type, or by its name if there are several.</summary>
/// <remarks>
/// The host connects it when it starts, or at its first use, and closes it after all servers and receiving endpoints have stopped. When
/// the connection has ended for good, the next use opens another one. Any thread.
/// </remarks>
/// <typeparam name="T">The contract.</typeparam>
public sealed class HostedRpcClient<T> : IEndpointStatus, ISendingEnd, IAsyncDisposable
    where T : class
{
    private readonly IOptionsMonitor<HostedClientOptions> _options;
    private readonly ILogger _logger;
    private readonly Reopened<RpcClient<T>> _client;

    internal HostedRpcClient(string name, IOptionsMonitor<HostedClientOptions> options, ILogger logger)
    {
        Name = name;
        _options = options;
        _logger = logger;
        _client = new Reopened<RpcClient<T>>(OpenAsync, static client => client.Completion.IsCompleted, this);
    }

    /// <summary>Its name among the endpoints of the host.</summary>
    public string Name { get; }

    /// <summary>The open connection; null before the first use, and after it has ended.</summary>
    public RpcClient<T>? Current => _client.Current;

    string IEndpointStatus.Kind => "client";

    EndpointHealth IEndpointStatus.Health => Current switch
    {
        { Address: { } address } => new EndpointHealth(HealthStatus.Healthy, $"connected to {address}"),
        { } => new EndpointHealth(HealthStatus.Degraded, "no instance of the service lives"),
        null when _client.Problem is { } problem => EndpointHealth.Of(problem),
        null when _client.Last is not null =>
            new EndpointHealth(HealthStatus.Unhealthy, "its server is lost, and it connects again at its next use"),
        null => EndpointHealth.NotOpen,
    };

    EndpointStart ISendingEnd.Start => _options.Get(Name).Start;

    /// <summary>Returns the service: each call of a member is a call at the server. Connects if there is no connection.</summary>
    /// <param name="cancellationToken">Ends the wait. Another caller that waits for the same connection goes on.</param>
    /// <exception cref="FairleadException">No server was reached, or it offers another contract; the next call tries again.</exception>
    /// <exception cref="ObjectDisposedException">The host has stopped.</exception>
    public async ValueTask<T> GetAsync(CancellationToken cancellationToken = default) =>
        (await _client.GetAsync(cancellationToken).ConfigureAwait(false)).Service;

    Task ISendingEnd.OpenAsync(CancellationToken cancellationToken) => GetAsync(cancellationToken).AsTask();

    Task ISendingEnd.CloseAsync(CancellationToken cancellationToken) => CloseAsync();

    /// <summary>Closes the connection. The host calls it.</summary>
    public ValueTask DisposeAsync() => new(CloseAsync());

    private Task CloseAsync() => _client.CloseAsync(async client =>
    {
        await client.DisposeAsync().ConfigureAwait(false);
        HostLog.ClientClosed(_logger, Name);
    });

    private async ValueTask<RpcClient<T>> OpenAsync(CancellationToken cancellationToken)
    {
        HostedClientOptions options = _options.Get(Name);
        RpcClientOptions client = options.Client ?? new RpcClientOptions();
        RpcClient<T> opened = await Rpc.Rpc
            .ConnectAsync<T>(options.Address!, client with { Timeout = options.Timeout ?? client.Timeout }, cancellationToken)
            .ConfigureAwait(false);
        if (opened.Address is { } address)
        {
            HostLog.Opened(_logger, "client", Name, address);
        }

        return opened;
    }
}
