using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>Who may come.</content>
internal sealed partial class EndpointCore
{
    /// <summary>By a link whose peer has introduced itself: why it is not welcome, or null.</summary>
    public FairleadException? Refusal(Link link, Handshake theirs)
    {
        if (theirs.CommonVersion() == 0)
        {
            return new FairleadException(
                ErrorCode.Incompatible,
                $"one side speaks versions {Handshake.LowestVersion} to {Handshake.HighestVersion} of the protocol, the other {theirs.Lowest} to {theirs.Highest}",
                "Update the older program.")
            {
                Address = Address,
                Peer = link.Peer,
            };
        }

        if (!_profile.Peers.Contains(theirs.Pattern))
        {
            return new FairleadException(
                ErrorCode.Incompatible,
                $"a {_profile.Name} cannot talk to a {theirs.Pattern.ToString()}",
                $"It talks to a {string.Join(" or ", _profile.Peers)}.")
            {
                Address = Address,
                Peer = link.Peer,
            };
        }

        return Crowd(link) ?? _owner.Refusal(link);
    }

    /// <summary>Why there is no place for one more peer, or null where there is.</summary>
    public FairleadException? Crowd(Link link)
    {
        if (!IsBound)
        {
            return null;
        }

        Link? other = null;
        int count = 0;
        foreach (Link existing in _linkCache)
        {
            if (existing != link && existing.State is LinkState.Up or LinkState.PeerClosed)
            {
                other = existing;
                count++;
            }
        }

        if (count < MostPeers)
        {
            return null;
        }

        return new FairleadException(
            ErrorCode.Full,
            MostPeers == 1 ? $"this {_profile.Name} serves one peer at a time, and that is {other!.Peer}" : $"this {_profile.Name} serves {MostPeers} peers, and all places are taken",
            "Connect when a peer has left.")
        {
            Address = Address,
            Peer = other!.Peer,
        };
    }

    /// <summary>How many peers are served at once.</summary>
    public int MostPeers { get; set; } = int.MaxValue;
}
