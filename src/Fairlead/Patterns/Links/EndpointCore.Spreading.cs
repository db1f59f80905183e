namespace Fairlead.Patterns.Links;

/// <content>Where a message may go to any of several peers, each goes to one, and to another when that one is lost.</content>
internal sealed partial class EndpointCore
{
    private uint _spread;

    /// <summary>By a link that takes no more: what may go elsewhere does, or waits for the next peer.</summary>
    public void Move(Link link)
    {
        using (Completions completions = Completions.Rent())
        {
            Link? adopted;
            using (Gate.Hold())
            {
                link.TakeMoving(_waiting);
                adopted = Place(completions);
            }

            adopted?.ServeAdopted(completions);
        }

        Pump.Request();
    }

    /// <summary>The next in turn that has room; if none has, the one for which the fewest wait.</summary>
    private Link? NextLink()
    {
        Link[] links = Table.All;
        Link? least = null;
        Link? closed = null;
        uint start = links.Length > 1 ? Interlocked.Increment(ref _spread) : 0;
        for (uint i = 0; i < links.Length; i++)
        {
            Link link = links[(start + i) % links.Length];
            if (link.State == LinkState.Up)
            {
                if (link.HasRoomNow)
                {
                    return link;
                }

                least = least is null || link.Waiting < least.Waiting ? link : least;
            }
            else if (link.State == LinkState.PeerClosed)
            {
                closed ??= link;
            }
        }

        // One that closes takes nothing more: whoever may wait for another does.
        return least ?? (Presence.AwaitsPeers ? null : closed);
    }

    /// <summary>
    /// Gives those that wait for a link to one that is there, or ends them where none will come. Under the gate; whoever calls lets the
    /// link serve them afterwards.
    /// </summary>
    public Link? Place(Completions completions)
    {
        if (_waiting.Count > 0 && !IsClosing && TheLink is { } link && link.TryAdopt(_waiting, completions))
        {
            return link;
        }

        while (_waiting.Count > 0 && (IsClosing || !Presence.AwaitsPeers))
        {
            LinkOperation operation = _waiting.Dequeue();
            CountUnsent(operation);
            if (IsClosing
                ? operation.TryFail(new ObjectDisposedException(Profile.Name))
                : operation.TryComplete(operation.Unanswered(LinkOutcome.PeerGone)))
            {
                completions.Add(operation);
            }
        }

        return null;
    }
}
