using Microsoft.Extensions.Hosting;

namespace Fairlead.Hosting;

/// <summary>What the services of a host send or call with: it opens before the receiving endpoints, and closes after them.</summary>
internal interface ISendingEnd
{
    EndpointStart Start { get; }

    /// <summary>Opens it, if it is not open.</summary>
    Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>Closes it. It opens no more.</summary>
    /// <param name="cancellationToken">Cancelled when the host has no more time.</param>
    Task CloseAsync(CancellationToken cancellationToken);
}

/// <summary>Opens a sending end before the receiving endpoints, and closes it after them: a handler may send or call to its end.</summary>
internal sealed class EndpointService(ISendingEnd end) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) =>
        end.Start == EndpointStart.AtStart ? end.OpenAsync(cancellationToken) : Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => end.CloseAsync(cancellationToken);
}
