using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Fairlead.Hosting;

/// <summary>Reads the settings of an endpoint from the configuration, by hand: reflection would not survive trimming.</summary>
/// <remarks>What cannot be read is noted for <see cref="EndpointValidation"/>, which fails the start with all problems.</remarks>
internal sealed class EndpointConfiguration(IConfiguration? configuration = null) : IPostConfigureOptions<HostedEndpointOptions>
{
    private static readonly Dictionary<string, Func<HostedEndpointOptions, string, bool>> Settings =
        new(StringComparer.OrdinalIgnoreCase)
        {
            [nameof(HostedEndpointOptions.Address)] = static (options, text) => (options.Address = text).Length > 0,
            [nameof(HostedEndpointOptions.Role)] = static (options, text) => Set(text, (EndpointRole role) => options.Role = role),
            [nameof(HostedEndpointOptions.Start)] = static (options, text) => Set(text, (EndpointStart start) => options.Start = start),
            [nameof(HostedEndpointOptions.Concurrency)] = static (options, text) =>
                Set(text, count => options.Concurrency = (int)count, int.MaxValue),
            [nameof(HostedEndpointOptions.Topics)] = static (options, text) => (options.Topics = text).Length > 0,
            [nameof(HostedEndpointOptions.CloseTimeout)] = static (options, text) => Set(text, span => options.CloseTimeout = span),
            [nameof(HostedEndpointOptions.RetryDelay)] = static (options, text) => Set(text, span => options.RetryDelay = span),
            [nameof(HostedEndpointOptions.MaxRetryDelay)] = static (options, text) => Set(text, span => options.MaxRetryDelay = span),
            [nameof(HostedEndpointOptions.MaxQueueDepth)] = static (options, text) =>
                Set(text, count => options.MaxQueueDepth = count, long.MaxValue),
        };

    /// <summary>The section of an endpoint.</summary>
    public static string SectionOf(string name) => $"Fairlead:Endpoints:{name}";

    public void PostConfigure(string? name, HostedEndpointOptions options)
    {
        if (configuration is null || name is null)
        {
            return;
        }

        foreach (IConfigurationSection setting in configuration.GetSection(SectionOf(name)).GetChildren())
        {
            if (!Settings.TryGetValue(setting.Key, out Func<HostedEndpointOptions, string, bool>? set))
            {
                options.Problems.Add($"{setting.Path} is not a setting; the settings are {string.Join(", ", Settings.Keys)}");
            }
            else if (setting.Value is not { } text || !set(options, text))
            {
                options.Problems.Add($"{setting.Path} is '{setting.Value}', which is not {FormOf(setting.Key)}");
            }
        }

        options.Address ??= configuration.GetConnectionString(name);
    }

    private static string FormOf(string setting) => setting.ToUpperInvariant() switch
    {
        "ROLE" => $"one of {string.Join(", ", Enum.GetNames<EndpointRole>())}",
        "START" => $"one of {string.Join(", ", Enum.GetNames<EndpointStart>())}",
        "CONCURRENCY" or "MAXQUEUEDEPTH" => "a whole number of 1 or more",
        "CLOSETIMEOUT" or "RETRYDELAY" or "MAXRETRYDELAY" => "a time such as 00:00:10",
        _ => "a text",
    };

    private static bool Set<T>(string text, Action<T> set) where T : struct, Enum
    {
        // A number is no name, although it can be parsed.
        bool isName = Enum.GetNames<T>().Contains(text, StringComparer.OrdinalIgnoreCase);
        if (isName)
        {
            set(Enum.Parse<T>(text, ignoreCase: true));
        }

        return isName;
    }

    private static bool Set(string text, Action<long> set, long most)
    {
        bool isNumber = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value > 0 && value <= most;
        if (isNumber)
        {
            set(value);
        }

        return isNumber;
    }

    private static bool Set(string text, Action<TimeSpan> set)
    {
        bool isTime = TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan value) && value >= TimeSpan.Zero;
        if (isTime)
        {
            set(value);
        }

        return isTime;
    }
}
