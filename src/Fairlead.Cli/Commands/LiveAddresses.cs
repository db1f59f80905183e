using Fairlead.Diagnostics;
using Fairlead.Registry;

namespace Fairlead.Cli.Commands;

/// <summary>The addresses that can be connected to at this moment, for completion.</summary>
internal static class LiveAddresses
{
    /// <summary>Bound endpoints of these kinds; of all kinds where none is named.</summary>
    public static IEnumerable<string> Of(params string[] kinds) =>
        EndpointRegistry
            .List()
            .Where(endpoint => endpoint.IsBound && (kinds.Length == 0 || kinds.Contains(endpoint.Kind)))
            .Select(static endpoint => endpoint.Address)
            .Distinct();
}
