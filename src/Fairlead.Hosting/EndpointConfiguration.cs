using Microsoft.Extensions.Configuration;

namespace Fairlead.Hosting;

/// <summary>The settings of an endpoint in the configuration.</summary>
internal sealed class EndpointConfiguration(IConfiguration? configuration = null)
    : HostedSettings<HostedEndpointOptions>(configuration, Settings)
{
    private static readonly Dictionary<string, Setting<HostedEndpointOptions>> Settings = new(StringComparer.OrdinalIgnoreCase)
    {
        [nameof(HostedEndpointOptions.Address)] =
            Setting.Text<HostedEndpointOptions>(static (options, text) => options.Address = text),
        [nameof(HostedEndpointOptions.Role)] =
            Setting.OneOf<HostedEndpointOptions, EndpointRole>(static (options, role) => options.Role = role),
        [nameof(HostedEndpointOptions.Start)] =
            Setting.OneOf<HostedEndpointOptions, EndpointStart>(static (options, start) => options.Start = start),
        [nameof(HostedEndpointOptions.Concurrency)] =
            Setting.Count<HostedEndpointOptions>(int.MaxValue, static (options, count) => options.Concurrency = (int)count),
        [nameof(HostedEndpointOptions.Topics)] =
            Setting.Text<HostedEndpointOptions>(static (options, text) => options.Topics = text),
        [nameof(HostedEndpointOptions.CloseTimeout)] =
            Setting.Time<HostedEndpointOptions>(static (options, span) => options.CloseTimeout = span),
        [nameof(HostedEndpointOptions.RetryDelay)] =
            Setting.Time<HostedEndpointOptions>(static (options, span) => options.RetryDelay = span),
        [nameof(HostedEndpointOptions.MaxRetryDelay)] =
            Setting.Time<HostedEndpointOptions>(static (options, span) => options.MaxRetryDelay = span),
        [nameof(HostedEndpointOptions.MaxQueueDepth)] =
            Setting.Count<HostedEndpointOptions>(long.MaxValue, static (options, count) => options.MaxQueueDepth = count),
    };
}
