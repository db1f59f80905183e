using System.Diagnostics.CodeAnalysis;
using Fairlead.Rpc;
using Microsoft.Extensions.DependencyInjection;

namespace Fairlead.Hosting;

/// <summary>A contract that a server of the host offers, and how its objects are made.</summary>
/// <param name="Service">The class of the objects; null: the host has made the one.</param>
/// <param name="Add">Adds the contract to what the server offers.</param>
internal sealed record HostedContract(Type? Service, Action<RpcServices, IServiceProvider, RpcLifetime> Add)
{
    /// <summary>Returns a contract whose objects the container makes, each in a scope of its own.</summary>
    public static HostedContract Of<TContract, TService>()
        where TContract : class
        where TService : class, TContract => new(typeof(TService), static (services, provider, lifetime) =>
    {
        IServiceScopeFactory scopes = provider.GetRequiredService<IServiceScopeFactory>();
        services.Add<TContract>(_ => InScope<TContract, TService>(scopes), lifetime);
    });

    private static RpcInstance<TContract> InScope<TContract, TService>(IServiceScopeFactory scopes)
        where TContract : class
        where TService : class, TContract
    {
        AsyncServiceScope scope = scopes.CreateAsyncScope();
        try
        {
            return new RpcInstance<TContract>(scope.ServiceProvider.GetRequiredService<TService>(), scope.DisposeAsync);
        }
        catch
        {
            scope.Dispose();
            throw;
        }
    }
}
