using Fairlead.Diagnostics;
using Fairlead.Registry;

namespace Fairlead.Transports.Fifo;

/// <summary>
/// Whose FIFO it is, by the registry: nothing that could be asked of the FIFO itself would leave those who use it undisturbed.
/// </summary>
internal static class FifoHolders
{
    /// <summary>The living endpoint that has bound a FIFO, alone or as one of a pair.</summary>
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
            // No registry that could be trusted: readers find each other by their locks.
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
