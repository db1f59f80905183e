using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Fairlead.Hosting;

/// <summary>Opens a sending endpoint before the receiving ones, and closes it after them: a handler may send to its end.</summary>
internal sealed class EndpointService<T>(HostedEndpoint<T> endpoint) : IHostedLifecycleService
    where T : MessagingEndpoint
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (endpoint.Start == EndpointStart.AtStart)
        {
            _ = await endpoint.GetAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => endpoint.CloseAsync(null, cancellationToken);
}
