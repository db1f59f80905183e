using Fairlead.Framing;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>Decides which peers an endpoint accepts: by pattern, by protocol version, and by the number of peers.</summary>
/// <remarks>Owns no state that changes. Called by the pump, or by the thread that connects.</remarks>
/// <param name="endpoint">The endpoint that accepts.</param>
/// <param name="owner">The pattern, which may refuse for its own reasons.</param>
/// <param name="table">The links.</param>
internal sealed class Admission(EndpointContext endpoint, ILinkOwner owner, LinkTable table)
{
    /// <summary>Returns why a peer that has introduced itself is refused, or null. Called by its link.</summary>
    public FairleadException? Refusal(Link link, Handshake theirs)
    {
        if (theirs.CommonVersion() == 0)
        {
            return new FairleadException(
                ErrorCode.Incompatible,
                $"this side supports versions {Handshake.LowestVersion} to {Handshake.HighestVersion} of the protocol, "
                    + $"and the other side {theirs.Lowest} to {theirs.Highest}",
                "Update the older program.")
            {
                Address = endpoint.Address,
                Peer = link.Peer,
            };
        }

        if (!endpoint.Profile.Peers.Contains(theirs.Pattern))
        {
            return new FairleadException(
                ErrorCode.Incompatible,
                $"a {endpoint.Profile.Name} cannot talk to a {theirs.Pattern.ToString()}",
                $"It talks to a {string.Join(" or ", endpoint.Profile.Peers)}.")
            {
                Address = endpoint.Address,
                Peer = link.Peer,
            };
        }

        return TooManyPeers(link) ?? owner.Refusal(link);
    }

    /// <summary>Returns why one more peer is refused, or null if there is capacity.</summary>
    public FairleadException? TooManyPeers(Link link)
    {
        if (!endpoint.IsBound || table.UpCount < endpoint.MostPeers)
        {
            return null;
        }

        Link? other = Array.Find(
            table.All, existing => existing != link && existing.State is LinkState.Up or LinkState.PeerClosed);
        if (other is null)
        {
            // The peers that are counted have just gone down.
            return null;
        }

        return new FairleadException(
            ErrorCode.Full,
            endpoint.MostPeers == 1
                ? $"this {endpoint.Profile.Name} serves one peer at a time, currently {other.Peer}"
                : $"this {endpoint.Profile.Name} serves at most {endpoint.MostPeers} peers, and all of them are connected",
            "Connect when a peer has left.")
        {
            Address = endpoint.Address,
            Peer = other.Peer,
        };
    }
}
