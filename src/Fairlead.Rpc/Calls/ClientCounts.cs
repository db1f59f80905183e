using System.Runtime.InteropServices;

namespace Fairlead.Rpc.Calls;

/// <summary>Counts things of which a server has a limited number, of all clients and of each.</summary>
/// <remarks>Owns the counts. Without a lock: its owner has one.</remarks>
/// <param name="most">The most of all clients. One client has three quarters of them at most, and leaves the rest to others.</param>
/// <param name="clients">Which connections belong to one client.</param>
internal sealed class ClientCounts(int most, IEqualityComparer<Peer> clients)
{
    private readonly int _mostOfOne = ClientShares.MostOfOne(most);
    private readonly Dictionary<Peer, int> _counts = new(clients);
    private int _all;

    /// <summary>Counts one.</summary>
    /// <returns>False: there are too many, of this client or of all.</returns>
    public bool TryAdd(Peer client)
    {
        int count = _counts.GetValueOrDefault(client);
        if (_all == most || count == _mostOfOne)
        {
            return false;
        }

        _counts[client] = count + 1;
        _all++;
        return true;
    }

    /// <summary>Counts one less.</summary>
    public void Remove(Peer client)
    {
        _all--;
        if (--CollectionsMarshal.GetValueRefOrNullRef(_counts, client) == 0)
        {
            _counts.Remove(client);
        }
    }
}
