namespace Fairlead.NamedHandles.Tests.Build;

/// <summary>What MSBuild makes of a project.</summary>
/// <param name="Aliases">The names of the global using aliases, sorted.</param>
/// <param name="Interceptors">The namespaces whose interceptors are allowed.</param>
/// <param name="UsesMap">The switch for maps.</param>
/// <param name="UsesSemaphore">The switch for semaphores.</param>
public sealed record ReadProject(string[] Aliases, string[] Interceptors, string UsesMap, string UsesSemaphore);
