using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fairlead.Hosting.Tests;

/// <summary>Makes hosts that read nothing of the machine.</summary>
internal static class Hosts
{
    /// <summary>The longest time for what must happen.</summary>
    public static readonly TimeSpan Limit = 30.Seconds();

    /// <summary>A name that no other test has.</summary>
    public static string NewName() => $"h{Guid.NewGuid():N}";

    /// <summary>Makes a host with these settings, whose log goes to a list.</summary>
    public static IHost Make(Action<FairleadBuilder> add, LogList log, params (string Key, string Value)[] settings)
    {
        HostApplicationBuilder builder = new(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(static pair => pair.Key, static pair => (string?)pair.Value));
        builder.Logging.SetMinimumLevel(LogLevel.Debug).AddProvider(log);
        builder.Services.AddSingleton<Seen>();
        builder.Services.AddHealthChecks().AddFairlead();
        add(builder.Services.AddFairlead());
        return builder.Build();
    }

    public static IHost Make(Action<FairleadBuilder> add, params (string Key, string Value)[] settings) =>
        Make(add, new LogList(), settings);

    /// <summary>The key of the address of an endpoint.</summary>
    public static string AddressOf(string name) => $"Fairlead:Endpoints:{name}:Address";

    public static HostedEndpoint<T> Endpoint<T>(this IHost host, string name) where T : MessagingEndpoint =>
        host.Services.GetRequiredKeyedService<HostedEndpoint<T>>(name);
}
