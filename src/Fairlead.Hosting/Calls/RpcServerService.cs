using Fairlead.Rpc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairlead.Hosting;

/// <summary>Serves the contracts that were added under one name, from the start of the host to its stop.</summary>
/// <remarks>
/// Owns the server. Stopping takes no further call, and waits for the calls that run: they are cancelled when the time of the settings, or
/// that of the host, is over. The host starts and stops it once, one after the other; its health is read by any thread.
/// </remarks>
/// <param name="name">The name of the endpoint.</param>
/// <param name="provider">Makes the objects that execute calls.</param>
/// <param name="settings">The settings of the endpoint.</param>
/// <param name="logger">The log of the host.</param>
internal sealed class RpcServerService(
    string name, IServiceProvider provider, IOptionsMonitor<HostedServerOptions> settings, ILogger logger)
    : IHostedLifecycleService, IEndpointStatus, IAsyncDisposable
{
    private readonly HostedContract[] _contracts = [.. provider.GetKeyedServices<HostedContract>(name)];
    private volatile RpcServer? _server;
    private volatile bool _isStopping;

    public string Name => name;

    public string Kind => "server";

    public EndpointHealth Health
    {
        get
        {
            if (_server is not { } server)
            {
                return EndpointHealth.NotOpen;
            }

            return _isStopping || server.Completion.IsCompleted
                ? new EndpointHealth(HealthStatus.Unhealthy, _isStopping ? "it stops" : "it has ended")
                : new EndpointHealth(
                    HealthStatus.Healthy, $"serves {string.Join(", ", server.Descriptions.Select(static contract => contract.Name))}");
        }
    }

    /// <summary>Makes each object once: a missing service ends the start, and not the first call.</summary>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (Type service in _contracts.Select(static contract => contract.Service).OfType<Type>())
        {
            await HandlerCheck.RunAsync(provider.GetRequiredService<IServiceScopeFactory>(), service, "service", name)
                .ConfigureAwait(false);
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        HostedServerOptions options = settings.Get(name);
        RpcServices services = new();
        foreach (HostedContract contract in _contracts)
        {
            contract.Add(services, provider, options.Lifetime);
        }

        RpcServerOptions settled = (options.Server ?? new RpcServerOptions()) with { ShutdownTimeout = options.CloseTimeout };
        RpcServer server = await Rpc.Rpc.ServeAsync(options.Address!, services, settled).ConfigureAwait(false);
        server.HandlerFailed += (_, failure) => HostLog.CallFailed(logger, failure.Exception, name, failure.Peer);
        _server = server;
        HostLog.Opened(logger, Kind, name, server.Addresses[0]);
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_server is not { } server)
        {
            return;
        }

        _isStopping = true;
        HostLog.Stopping(logger, name);
        try
        {
            await server.DisposeAsync().AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // It goes on to end: the process may wait for nothing more.
            HostLog.StopTimedOut(logger, name);
            return;
        }

        HostLog.ServerClosed(logger, name);
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends a server whose host was disposed without a stop.</summary>
    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? default;
}
