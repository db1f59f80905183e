namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>The wait sets to which an endpoint is attached.</summary>
/// <remarks>
/// Owns the list, which is replaced under the endpoint's gate and never changed: any thread may read it. The pump and
/// <see cref="Receivers"/> notify it.
/// </remarks>
internal sealed class WatchList
{
    private IEndpointWatch[] _waitSets = [];

    /// <summary>Whether the endpoint is attached to a wait set.</summary>
    public bool Any => _waitSets.Length > 0;

    /// <summary>Adds a wait set. Under the gate.</summary>
    public void Add(IEndpointWatch watch) => _waitSets = [.. _waitSets, watch];

    /// <summary>Removes a wait set. Under the gate.</summary>
    public void Remove(IEndpointWatch watch) => _waitSets = [.. _waitSets.Where(other => other != watch)];

    /// <summary>Notifies the wait sets of the end of a pump iteration. Called by the pump.</summary>
    public void TellOfTurn()
    {
        foreach (IEndpointWatch watch in _waitSets)
        {
            watch.OnTurn();
        }
    }

    /// <summary>Notifies the wait sets that the endpoint is over or closing. Under the gate.</summary>
    public void TellOfEnd()
    {
        foreach (IEndpointWatch watch in _waitSets)
        {
            watch.OnEnd();
        }
    }

    /// <summary>Notifies the wait sets that no thread pumps the endpoint any more. Under the gate.</summary>
    public void OfferRole()
    {
        foreach (IEndpointWatch watch in _waitSets)
        {
            watch.OnRoleFree();
        }
    }
}
