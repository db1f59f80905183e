using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <summary>Who may come to an endpoint, as far as its pattern, the version of the protocol and the places that it has say.</summary>
/// <remarks>Owns nothing that changes. By the pump, or by the thread that connects.</remarks>
/// <param name="endpoint">Whose peers they are.</param>
/// <param name="owner">The pattern, which may have reasons of its own.</param>
/// <param name="mostPeers">How many are served at once.</param>
internal sealed class Admission(EndpointCore endpoint, ILinkOwner owner, int mostPeers)
{
    /// <summary>How many peers are served at once.</summary>
    public int MostPeers => mostPeers;

    /// <summary>By a link whose peer has introduced itself: why it is not welcome, or null.</summary>
    public FairleadException? Refusal(Link link, Handshake theirs)
    {
        if (theirs.CommonVersion() == 0)
        {
            return new FairleadException(
                ErrorCode.Incompatible,
                $"one side speaks versions {Handshake.LowestVersion} to {Handshake.HighestVersion} of the protocol, "
                    + $"the other {theirs.Lowest} to {theirs.Highest}",
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

        return Crowd(link) ?? owner.Refusal(link);
    }

    /// <summary>Why there is no place for one more peer, or null where there is.</summary>
    public FairleadException? Crowd(Link link)
    {
        if (!endpoint.IsBound)
        {
            return null;
        }

        Link? other = null;
        int count = 0;
        foreach (Link existing in endpoint.LinkSnapshot)
        {
            if (existing != link && existing.State is LinkState.Up or LinkState.PeerClosed)
            {
                other = existing;
                count++;
            }
        }

        if (count < mostPeers)
        {
            return null;
        }

        return new FairleadException(
            ErrorCode.Full,
            mostPeers == 1
                ? $"this {endpoint.Profile.Name} serves one peer at a time, and that is {other!.Peer}"
                : $"this {endpoint.Profile.Name} serves {mostPeers} peers, and all places are taken",
            "Connect when a peer has left.")
        {
            Address = endpoint.Address,
            Peer = other!.Peer,
        };
    }
}
