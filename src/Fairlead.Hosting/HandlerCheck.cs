using Microsoft.Extensions.DependencyInjection;

namespace Fairlead.Hosting;

/// <summary>Finds missing services at the start of the host.</summary>
internal static class HandlerCheck
{
    /// <summary>Makes an object once, in a scope that ends immediately.</summary>
    /// <param name="scopes">Makes the scope.</param>
    /// <param name="type">The class.</param>
    /// <param name="role">What the object is for its endpoint, such as a handler.</param>
    /// <param name="name">The name of the endpoint.</param>
    /// <exception cref="InvalidOperationException">A service is missing that the object needs.</exception>
    public static async Task RunAsync(IServiceScopeFactory scopes, Type type, string role, string name)
    {
        AsyncServiceScope scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            try
            {
                _ = scope.ServiceProvider.GetRequiredService(type);
            }
            catch (InvalidOperationException exception)
            {
                throw new InvalidOperationException(
                    $"The {role} {type.Name} of the endpoint '{name}' cannot be made: {exception.Message}", exception);
            }
        }
    }
}
