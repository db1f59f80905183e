using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>What a full queue does where no peer is there yet, what is said of drops, and what is dropped unread.</content>
internal sealed partial class EndpointCore
{
    /// <summary>
    /// Counts a message that this end had taken over from its sender, and does not hand to anybody: it stands in the report of the end. Any
    /// thread, no lock held.
    /// </summary>
    public void CountLost()
    {
        using (Gate.Hold())
        {
            _past.AddUndelivered();
        }

        Drops.Count();
    }

    /// <summary>
    /// Leaves a message here for the first peer to come, by a policy that drops; where there is one already, that is given instead.
    /// PeerGone: none will come.
    /// </summary>
    public LinkOutcome LeaveWaiting(in Letter letter, bool mayDrop, out Link? link)
    {
        LinkOutcome outcome;
        using (Completions completions = Completions.Rent())
        using (Gate.Hold())
        {
            Life.ThrowIfClosing();
            link = TheLink;
            outcome = link is not null ? LinkOutcome.Sent
                : Presence.AwaitsPeers ? _waiting.Leave(letter, Policy, mayDrop, completions)
                : LinkOutcome.PeerGone;
        }

        if (link is null && outcome == LinkOutcome.Sent)
        {
            Pump.Request();
        }

        return outcome;
    }

    /// <summary>A message that was left here without a peer, and will not be sent any more. Under the gate.</summary>
    private void CountUnsent(LinkOperation operation)
    {
        if (operation.IsLeft)
        {
            _past.AddUndelivered();
        }
    }

    /// <summary>Drops an unread message whose sender took it back.</summary>
    public bool TryDrop(Link link, uint id, out MessageKind kind)
    {
        using (Gate.Hold())
        {
            return _ready.Drop(link, id, withDeliveries: true, out kind) > 0;
        }
    }
}
