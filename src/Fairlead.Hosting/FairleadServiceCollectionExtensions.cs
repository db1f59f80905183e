using Fairlead.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds endpoints of Fairlead to the services of a host.</summary>
public static class FairleadServiceCollectionExtensions
{
    /// <summary>Begins to add endpoints. May be called more than once.</summary>
    /// <param name="services">The services of the host.</param>
    /// <returns>Adds the endpoints, by name.</returns>
    public static FairleadBuilder AddFairlead(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<HostedEndpointOptions>, EndpointConfiguration>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<HostedEndpointOptions>, EndpointValidation>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<HostedServerOptions>, ServerConfiguration>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<HostedServerOptions>, ServerValidation>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<HostedClientOptions>, ClientConfiguration>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<HostedClientOptions>, ClientValidation>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, EventLog>());
        return new FairleadBuilder(services);
    }
}
