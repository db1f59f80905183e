using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Fairlead.Hosting;

/// <summary>Adds endpoints to a host. Each has a name, under which the configuration has its address.</summary>
/// <remarks>Made by <see cref="FairleadServiceCollectionExtensions.AddFairlead"/>.</remarks>
public sealed partial class FairleadBuilder
{
    internal FairleadBuilder(IServiceCollection services) => Services = services;

    /// <summary>The services of the host.</summary>
    public IServiceCollection Services { get; }

    /// <summary>Adds a sender, which services take as <c>[FromKeyedServices(name)] HostedEndpoint&lt;Sender&gt;</c>.</summary>
    /// <param name="name">The name of the endpoint.</param>
    /// <param name="configure">Sets what the configuration does not.</param>
    /// <exception cref="ArgumentException">The host has an endpoint of this name.</exception>
    public FairleadBuilder AddSender(string name, Action<HostedEndpointOptions>? configure = null) =>
        AddSending(name, EndpointKinds.Sender, configure);

    /// <summary>Adds a requester, which services take as <c>[FromKeyedServices(name)] HostedEndpoint&lt;Requester&gt;</c>.</summary>
    /// <inheritdoc cref="AddSender" path="/param|/exception"/>
    public FairleadBuilder AddRequester(string name, Action<HostedEndpointOptions>? configure = null) =>
        AddSending(name, EndpointKinds.Requester, configure);

    /// <summary>Adds a publisher, which services take as <c>[FromKeyedServices(name)] HostedEndpoint&lt;Publisher&gt;</c>.</summary>
    /// <inheritdoc cref="AddSender" path="/param|/exception"/>
    public FairleadBuilder AddPublisher(string name, Action<HostedEndpointOptions>? configure = null) =>
        AddSending(name, EndpointKinds.Publisher, configure);

    /// <summary>Adds a work queue, which distributes items as long as the host runs.</summary>
    /// <inheritdoc cref="AddSender" path="/param|/exception"/>
    public FairleadBuilder AddWorkQueue(string name, Action<HostedEndpointOptions>? configure = null) =>
        AddSending(name, EndpointKinds.WorkQueue, configure);

    private FairleadBuilder AddSending<T>(string name, EndpointKind<T> kind, Action<HostedEndpointOptions>? configure)
        where T : MessagingEndpoint
    {
        AddEndpoint(name, kind, configure);
        Services.AddSingleton<IHostedService>(
            provider => new EndpointService(provider.GetRequiredKeyedService<HostedEndpoint<T>>(name)));
        return this;
    }

    private void AddEndpoint<T>(string name, EndpointKind<T> kind, Action<HostedEndpointOptions>? configure)
        where T : MessagingEndpoint
    {
        AddSettings(name, configure);
        Services.AddKeyedSingleton(
            name,
            (provider, _) => new HostedEndpoint<T>(
                name, kind, provider.GetRequiredService<IOptionsMonitor<HostedEndpointOptions>>(), LoggerOf(provider)));
        AddStatus(name, static (provider, name) => provider.GetRequiredKeyedService<HostedEndpoint<T>>(name));
    }

    /// <summary>Takes a name, under which the host has one endpoint at most, with settings that are checked at the start.</summary>
    private void AddSettings<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] TOptions>(
        string name, Action<TOptions>? configure)
        where TOptions : class
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (Services.Any(service =>
            service.IsKeyedService && service.ServiceType == typeof(IEndpointStatus) && name.Equals(service.ServiceKey)))
        {
            throw new ArgumentException($"The host has an endpoint '{name}'. Give this one another name.", nameof(name));
        }

        OptionsBuilder<TOptions> options = Services.AddOptions<TOptions>(name).ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }
    }

    /// <summary>Lets the health check see an endpoint.</summary>
    private void AddStatus(string name, Func<IServiceProvider, string, IEndpointStatus> status)
    {
        Services.AddKeyedSingleton(name, (provider, _) => status(provider, name));
        Services.AddSingleton(provider => status(provider, name));
    }

    private FairleadBuilder AddReceiving<T, [DynamicallyAccessedMembers(Constructors)] THandler>(
        string name,
        EndpointKind<T> kind,
        Action<HostedEndpointOptions>? configure,
        Func<T, HandlerRuns, HostedEndpointOptions, CancellationToken, CancellationToken, Task> run)
        where T : MessagingEndpoint
        where THandler : class
    {
        AddEndpoint(name, kind, configure);
        Services.TryAddScoped<THandler>();
        Services.AddSingleton<IHostedService>(provider =>
        {
            var scopes = provider.GetRequiredService<IServiceScopeFactory>();
            ILogger logger = LoggerOf(provider);
            HandlerRuns runs = new(name, typeof(THandler).Name, scopes, logger);
            return new ReceivingService<T>(
                provider.GetRequiredKeyedService<HostedEndpoint<T>>(name),
                (endpoint, options, stop, abort) => run(endpoint, runs, options, stop, abort),
                typeof(THandler),
                scopes,
                provider.GetRequiredService<TimeProvider>(),
                logger);
        });
        return this;
    }

    private static ILogger LoggerOf(IServiceProvider provider) =>
        (provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger(HostLog.Category);
}
