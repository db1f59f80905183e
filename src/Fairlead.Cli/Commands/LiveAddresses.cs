using Fairlead.Diagnostics;
using Fairlead.Registry;

namespace Fairlead.Cli.Commands;

/// <summary>The addresses that one can connect to now, for completion.</summary>
internal static class LiveAddresses
{
    /// <summary>Returns the bound endpoints of some kinds, or of all kinds if none is given.</summary>
    public static IEnumerable<string> Of(params string[] kinds) =>
        EndpointRegistry
            .List()
            .Where(endpoint => endpoint.IsBound && (kinds.Length == 0 || kinds.Contains(endpoint.Kind)))
            .Select(static endpoint => endpoint.Address)
            .Distinct();
}
