using Fairlead.Diagnostics;
using Fairlead.Registry;

namespace Fairlead.Transports.Fifo;

/// <summary>Finds the holder of a FIFO in the registry, because asking the FIFO itself would disturb its users.</summary>
internal static class FifoHolders
{
    /// <summary>Returns the live endpoint that has bound a FIFO, alone or as one of a pair.</summary>
    public static Holder? Find(FileIdentity file, Address address)
    {
        try
        {
            RuntimeDirectory directory = RuntimeDirectory.Current();
            return EndpointRegistry.FindSocketHolder(file, address, directory)?.Holder
                ?? EndpointRegistry.Read(directory).Endpoints.FirstOrDefault(entry => entry.IsBound && Covers(entry, address))?.Holder;
        }
        catch (FairleadException)
        {
            // The registry cannot be trusted. Readers still find each other by their locks.
            return null;
        }
    }

    private static bool Covers(EndpointInfo entry, Address address)
    {
        if (entry.IsAddressCut
            || !Address.TryParse(entry.Address, out Address? held)
            || held.Scheme != address.Scheme
            || held.IsPath
            || address.IsPath)
        {
            return false;
        }

        string[] names = held.Place.Split(',');
        return address.Place.Split(',').Any(names.Contains);
    }
}
