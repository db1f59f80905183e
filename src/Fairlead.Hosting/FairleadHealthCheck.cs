using Fairlead.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fairlead.Hosting
{
    /// <summary>The health of all endpoints of a host.</summary>
    internal sealed class FairleadHealthCheck(IEnumerable<IEndpointStatus> endpoints) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            HealthStatus worst = HealthStatus.Healthy;
            List<string> problems = [];
            Dictionary<string, object> data = [];
            foreach (IEndpointStatus endpoint in endpoints)
            {
                (HealthStatus status, string text) = endpoint.Health;
                worst = (HealthStatus)Math.Min((int)worst, (int)status);
                data[endpoint.Name] = text;
                if (status != HealthStatus.Healthy)
                {
                    problems.Add($"{endpoint.Kind} '{endpoint.Name}': {text}");
                }
            }

            string description = problems.Count == 0 ? "all endpoints work" : string.Join("; ", problems);
            worst = worst == HealthStatus.Unhealthy ? context.Registration.FailureStatus : worst;
            return Task.FromResult(new HealthCheckResult(worst, description, data: data));
        }
    }
}

namespace Microsoft.Extensions.DependencyInjection
{
    /// <summary>Adds the health of Fairlead's endpoints to the health checks of a host.</summary>
    public static class FairleadHealthChecksExtensions
    {
        /// <summary>
        /// Adds a check of all endpoints. One that cannot be opened is unhealthy. One that reconnects, that a broker blocks, or in which
        /// more messages wait than <see cref="HostedEndpointOptions.MaxQueueDepth"/> is degraded.
        /// </summary>
        /// <param name="builder">The health checks.</param>
        /// <param name="name">The name of the check.</param>
        /// <param name="failureStatus">What an endpoint that cannot be opened makes of the check: unhealthy unless given.</param>
        /// <param name="tags">Tags, by which a host chooses checks.</param>
        public static IHealthChecksBuilder AddFairlead(
            this IHealthChecksBuilder builder,
            string name = "fairlead",
            HealthStatus? failureStatus = null,
            IEnumerable<string>? tags = null)
        {
            ArgumentNullException.ThrowIfNull(builder);
            return builder.Add(new HealthCheckRegistration(
                name,
                static provider => new FairleadHealthCheck(provider.GetServices<IEndpointStatus>()),
                failureStatus,
                tags));
        }
    }
}
