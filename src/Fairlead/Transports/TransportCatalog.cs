using Fairlead.Transports;

namespace Fairlead;

/// <summary>The transports of this version, for programs that show or try them all.</summary>
public static class TransportCatalog
{
    /// <summary>The schemes of the addresses that can be bound and connected to, in the order of the documentation.</summary>
    public static IReadOnlyList<string> Schemes => [.. BuiltInTransports.All.Select(static transport => transport.Scheme)];

    /// <summary>Returns the capabilities of an address's transport at this address.</summary>
    /// <exception cref="FairleadException">NotSupported: no transport serves its scheme.</exception>
    public static TransportCapabilities CapabilitiesOf(Address address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return BuiltInTransports.Find(address).CapabilitiesOf(address);
    }
}
