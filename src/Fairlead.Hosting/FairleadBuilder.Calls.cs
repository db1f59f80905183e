using System.Diagnostics.CodeAnalysis;
using Fairlead.Rpc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Fairlead.Hosting;

/// <content>Servers and clients of remote procedure calls.</content>
public sealed partial class FairleadBuilder
{
    /// <summary>
    /// Adds a contract to the server of a name, and the server at the first one. Its calls go to an object that the container makes for
    /// each call or connection, in a scope of its own.
    /// </summary>
    /// <typeparam name="TContract">The contract.</typeparam>
    /// <typeparam name="TService">The class of the objects. It is added as a scoped service, unless the host has it.</typeparam>
    /// <param name="name">The name of the endpoint and, without an address, of the service.</param>
    /// <param name="configure">Sets what the configuration does not.</param>
    /// <exception cref="ArgumentException">The host has an endpoint of another kind of this name.</exception>
    public FairleadBuilder AddRpcServer<TContract, [DynamicallyAccessedMembers(Constructors)] TService>(
        string name, Action<HostedServerOptions>? configure = null)
        where TContract : class
        where TService : class, TContract
    {
        Services.TryAddScoped<TService>();
        return AddContract(name, HostedContract.Of<TContract, TService>(), configure);
    }

    /// <summary>
    /// Lets the server of a name answer whether it works, by the contract <see cref="IServiceHealth"/>: what the health checks of the host
    /// say, and that it stops.
    /// </summary>
    /// <param name="name">The name of the server.</param>
    /// <exception cref="ArgumentException">The host has an endpoint of another kind of this name.</exception>
    public FairleadBuilder AddRpcHealth(string name)
    {
        Services.AddHealthChecks();
        return AddContract(
            name,
            new HostedContract(null, static (services, provider, _) => services.Add<IServiceHealth>(new HostHealth(
                provider.GetRequiredService<HealthCheckService>(),
                provider.GetRequiredService<IHostApplicationLifetime>(),
                provider.GetRequiredService<TimeProvider>()))),
            configure: null);
    }

    /// <summary>
    /// Adds a client of a service, which other services take as <see cref="HostedRpcClient{T}"/>; where a host has several of a contract,
    /// as <c>[FromKeyedServices(name)]</c>.
    /// </summary>
    /// <typeparam name="TContract">The contract.</typeparam>
    /// <param name="name">The name of the endpoint and, without an address, of the service.</param>
    /// <param name="configure">Sets what the configuration does not.</param>
    /// <exception cref="ArgumentException">The host has an endpoint of this name.</exception>
    public FairleadBuilder AddRpcClient<TContract>(string name, Action<HostedClientOptions>? configure = null)
        where TContract : class
    {
        AddSettings(name, configure);
        Services.AddKeyedSingleton(
            name,
            (provider, _) => new HostedRpcClient<TContract>(
                name, provider.GetRequiredService<IOptionsMonitor<HostedClientOptions>>(), LoggerOf(provider)));
        AddStatus(name, static (provider, name) => provider.GetRequiredKeyedService<HostedRpcClient<TContract>>(name));

        // One alone needs no name.
        bool isOnly = !Services.Any(static service => !service.IsKeyedService && service.ServiceType == typeof(HostedRpcClient<TContract>));
        Services.RemoveAll<HostedRpcClient<TContract>>();
        Services.AddSingleton(provider => isOnly
            ? provider.GetRequiredKeyedService<HostedRpcClient<TContract>>(name)
            : throw new InvalidOperationException(
                $"The host has several clients of {typeof(TContract).Name}. Take one by its name: [FromKeyedServices(\"{name}\")]."));
        Services.AddSingleton<IHostedService>(
            provider => new EndpointService(provider.GetRequiredKeyedService<HostedRpcClient<TContract>>(name)));
        return this;
    }

    private FairleadBuilder AddContract(string name, HostedContract contract, Action<HostedServerOptions>? configure)
    {
        bool isFirst = !Services.Any(
            service => service.IsKeyedService && service.ServiceType == typeof(HostedContract) && name.Equals(service.ServiceKey));
        if (isFirst)
        {
            AddSettings(name, configure);
            Services.AddKeyedSingleton(
                name,
                (provider, _) => new RpcServerService(
                    name, provider, provider.GetRequiredService<IOptionsMonitor<HostedServerOptions>>(), LoggerOf(provider)));
            AddStatus(name, static (provider, name) => provider.GetRequiredKeyedService<RpcServerService>(name));
            Services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<RpcServerService>(name));
        }
        else if (configure is not null)
        {
            Services.Configure(name, configure);
        }

        Services.AddKeyedSingleton(name, contract);
        return this;
    }
}
