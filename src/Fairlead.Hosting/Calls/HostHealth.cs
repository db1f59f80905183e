using System.Runtime.CompilerServices;
using Fairlead.Rpc;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Fairlead.Hosting;

/// <summary>Answers clients whether the host works, by its health checks. Any thread.</summary>
/// <param name="checks">The health checks of the host.</param>
/// <param name="lifetime">Says when the host stops.</param>
/// <param name="time">The clock of a watch.</param>
internal sealed class HostHealth(HealthCheckService checks, IHostApplicationLifetime lifetime, TimeProvider time) : IServiceHealth
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    public async Task<ServiceHealth> CheckAsync(CancellationToken cancellationToken)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return new ServiceHealth(ServiceState.NotServing, "the host stops");
        }

        HealthReport report = await checks.CheckHealthAsync(cancellationToken).ConfigureAwait(false);
        string text = string.Join("; ", report.Entries
            .Where(static entry => entry.Value.Status != HealthStatus.Healthy)
            .Select(static entry => $"{entry.Key}: {entry.Value.Description ?? $"{entry.Value.Status}"}"));
        return new ServiceHealth(report.Status == HealthStatus.Unhealthy ? ServiceState.NotServing : ServiceState.Serving, text);
    }

    public async IAsyncEnumerable<ServiceHealth> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken, lifetime.ApplicationStopping);
        ServiceHealth? last = null;
        while (true)
        {
            ServiceHealth now = await CheckAsync(cancellationToken).ConfigureAwait(false);
            if (now != last)
            {
                yield return last = now;
            }

            if (lifetime.ApplicationStopping.IsCancellationRequested)
            {
                yield break;
            }

            try
            {
                await Task.Delay(Period, time, ended.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The host stops: the last word says so.
            }
        }
    }
}
