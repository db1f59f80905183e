using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fairlead.Hosting;

/// <summary>Runs the handlers of one receiving endpoint, and opens the endpoint again when it has ended.</summary>
/// <remarks>
/// Stopping takes no further message, waits for the handlers that run, and closes the endpoint: what the endpoint has not handed out is
/// reported to its senders as not delivered. The handlers are cancelled only when the host's time for stopping is over.
/// </remarks>
/// <param name="endpoint">The endpoint.</param>
/// <param name="run">Runs the handlers until the first token is cancelled. The second one is for the handlers.</param>
/// <param name="handler">The type of the handlers.</param>
/// <param name="scopes">Makes a scope, to check that a handler can be made.</param>
/// <param name="time">The clock of the pauses.</param>
/// <param name="logger">The log of the host.</param>
internal sealed class ReceivingService<T>(
    HostedEndpoint<T> endpoint,
    Func<T, HostedEndpointOptions, CancellationToken, CancellationToken, Task> run,
    Type handler,
    IServiceScopeFactory scopes,
    TimeProvider time,
    ILogger logger) : IHostedLifecycleService, IDisposable
    where T : MessagingEndpoint
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private Task _running = Task.CompletedTask;

    /// <summary>Checks that a handler can be made: a missing service ends the start, and not the first message.</summary>
    public Task StartingAsync(CancellationToken cancellationToken) =>
        HandlerCheck.RunAsync(scopes, handler, "handler", endpoint.Name);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (endpoint.Start == EndpointStart.AtStart)
        {
            _ = await endpoint.GetAsync(cancellationToken).ConfigureAwait(false);
        }

        _running = Task.Run(RunAsync, CancellationToken.None);
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        HostLog.Stopping(logger, endpoint.Name);
        TimeSpan limit = endpoint.Options.CloseTimeout;
        long begun = time.GetTimestamp();
        try
        {
            await _running.WaitAsync(limit, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            HostLog.StopTimedOut(logger, endpoint.Name);
            await _abort.CancelAsync().ConfigureAwait(false);
        }

        // Closing has the rest of the time, and at least a moment to report what was not read.
        TimeSpan rest = limit - time.GetElapsedTime(begun);
        await endpoint.CloseAsync(rest > Moment ? rest : Moment, cancellationToken).ConfigureAwait(false);
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _stop.Dispose();
        _abort.Dispose();
    }

    private async Task RunAsync()
    {
        HostedEndpointOptions options = endpoint.Options;
        TimeSpan pause = options.RetryDelay;
        while (!_stop.IsCancellationRequested)
        {
            bool isOpen = false;
            try
            {
                T open = await endpoint.GetAsync(_stop.Token).ConfigureAwait(false);
                isOpen = true;
                pause = options.RetryDelay;
                await run(open, options, _stop.Token, _abort.Token).ConfigureAwait(false);
                HostLog.Ended(logger, endpoint.Name, pause);
            }
            catch (Exception exception)
                when (exception is OperationCanceledException or ObjectDisposedException && _stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (isOpen)
            {
                HostLog.Lost(logger, exception, endpoint.Name, pause);
            }
            catch (Exception exception)
            {
                HostLog.OpenFailed(logger, exception, endpoint.Name, pause);
            }

            try
            {
                await Task.Delay(pause, time, _stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            pause = pause * 2 < options.MaxRetryDelay ? pause * 2 : options.MaxRetryDelay;
        }
    }
}
