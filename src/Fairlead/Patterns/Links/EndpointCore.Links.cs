using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>Links come and go.</content>
internal sealed partial class EndpointCore
{
    private readonly List<LinkWaitOperation> _linkWaiters = [];
    private readonly SendQueue _waiting;
    private int _upCount;
    private PastDeliveries _past;

    /// <summary>
    /// The link of a pattern that has one peer, or that of the one whose turn it is where it spreads; null while nobody is there.
    /// </summary>
    public Link? TheLink
    {
        get
        {
            if (Profile.Spreads)
            {
                return NextLink();
            }

            foreach (Link link in Table.All)
            {
                if (link.State is LinkState.Up or LinkState.PeerClosed)
                {
                    return link;
                }
            }

            return null;
        }
    }

    public void AddLinkWaiter(LinkWaitOperation operation)
    {
        Link? up;
        using (Gate.Hold())
        {
            Life.ThrowIfClosing();
            if (operation.IsClaimed)
            {
                return;
            }

            up = TheLink;
            if (up is null)
            {
                _linkWaiters.Add(operation);
                return;
            }
        }

        if (operation.TryComplete(up))
        {
            operation.Signal(inline: false);
        }
    }

    public void Withdraw(LinkWaitOperation operation, Exception? error)
    {
        bool isOurs;
        using (Gate.Hold())
        {
            _linkWaiters.Remove(operation);
            isOurs = error is null ? operation.TryComplete(null) : operation.TryFail(error);
        }

        if (isOurs)
        {
            operation.Signal(inline: false);
        }
    }

    /// <summary>
    /// The link of a pattern that has one peer. A bound endpoint that has none keeps the operation, before all that come later, for the
    /// first to come, and null is returned; so it is by a connected one that has lost its peer, which keeps nothing.
    /// </summary>
    public Link? LinkFor(LinkOperation operation, Completions completions)
    {
        using (Gate.Hold())
        {
            Life.ThrowIfClosing();
            Link? link = TheLink;
            if (link is null && Presence.AwaitsPeers && !operation.IsClaimed)
            {
                switch (_waiting.Add(operation, Policy, completions))
                {
                    case LinkOutcome.Sent:
                        break;
                    case var outcome when operation.TryComplete(new LinkResult { Outcome = outcome }):
                        completions.Add(operation);
                        break;
                }
            }

            return link;
        }
    }

    /// <summary>Takes back an operation that no link has; false when one has it.</summary>
    public bool TryWithdraw(LinkOperation operation, Exception? error)
    {
        bool isOurs = false;
        using (Gate.Hold())
        {
            if (operation.Link is not null)
            {
                return false;
            }

            _waiting.Remove(operation);
            isOurs = error is null ? operation.TryComplete(operation.Unanswered(LinkOutcome.TimedOut)) : operation.TryFail(error);
        }

        if (isOurs)
        {
            operation.Signal(inline: false);
        }

        return true;
    }

    public void OnUp(Link link, Completions completions)
    {
        bool wasSought;
        using (Gate.Hold())
        {
            wasSought = Presence.IsReconnecting;

            // At once with becoming visible, so that nobody overtakes those who waited.
            link.Adopt(_waiting, completions);
            _upCount++;
            Counters.SetClients(_upCount);
            foreach (LinkWaitOperation operation in _linkWaiters)
            {
                if (operation.TryComplete(link))
                {
                    completions.Add(operation);
                }
            }

            _linkWaiters.Clear();
        }

        if (FairleadEventSource.Log.IsEnabled())
        {
            FairleadEventSource.Log.Connected(Address.Display, link.Peer.ToString());
        }

        link.ServeAdopted(completions);
        try
        {
            Owner.OnUp(link, completions);
        }
        catch (Exception exception)
        {
            // In the end of this turn, when all have been told that it was there.
            link.Fail(exception);
        }

        if (wasSought)
        {
            Presence.OnFound(link, completions);
        }

        Report(link, MessageKind.Joined, completions);
    }

    /// <summary>By a link that has gone down; what it received stays in the queue.</summary>
    public void OnDown(Link link, LinkEnd end, Completions completions)
    {
        bool reconnects = false;
        Link? adopted;
        Finishing.Do(Address.Display, () => Table.Unwatch(link));
        using (Gate.Hold())
        {
            Table.Remove(link);

            // Nobody waits for the answers any more. Deliveries of a peer that died are messages all the same; where this side ended the
            // link, their senders were told.
            _ready.Drop(link, id: null, withDeliveries: link.WasEndedHere, out _);
            if (link.WasUp)
            {
                _upCount--;
                Counters.SetClients(_upCount);
                _past.Add(end);
            }

            if (EndsWithPeer)
            {
                foreach (LinkWaitOperation operation in _linkWaiters)
                {
                    if (operation.TryFail(Presence.EndException(end, link.Failure)))
                    {
                        completions.Add(operation);
                    }
                }

                _linkWaiters.Clear();
                reconnects = Presence.OnLost(link, end, completions);
            }

            link.TakeMoving(_waiting);
            adopted = Place(completions);
        }

        adopted?.ServeAdopted(completions);

        if (FairleadEventSource.Log.IsEnabled())
        {
            FairleadEventSource.Log.Disconnected(Address.Display, link.Peer.ToString(), end.Reason.ToString(), end.Text ?? "");
        }

        Finishing.Do(Address.Display, () => TellOwner(link, end, completions));

        if (reconnects)
        {
            Presence.Seek();
        }
    }

    private void TellOwner(Link link, LinkEnd end, Completions completions)
    {
        if (link.WasUp)
        {
            Owner.OnDown(link, end, completions);
            Report(link, MessageKind.Left, completions);
        }
        else
        {
            Owner.OnNeverUp();
        }
    }

    /// <summary>
    /// Owns the connection from now on. What is thrown before the link is watched is the caller's, and nothing is left of it; what is
    /// thrown afterwards ends the link.
    /// </summary>
    public void AddLink(Connection connection, bool isAccepted, Completions completions)
    {
        Link? link = null;
        try
        {
            using (Gate.Hold())
            {
                if (Life.TakesNoPeers)
                {
                    // It was in the listener's queue when that closed, or came back while the endpoint ended, and finds nobody.
                    connection.Dispose();
                    return;
                }

                link = new Link(this, connection, Table.NewToken(), isAccepted);
                Table.Add(link);
            }

            Table.Watch(link);
        }
        catch
        {
            using (Gate.Hold())
            {
                if (link is not null)
                {
                    Table.Remove(link);
                }
            }

            connection.Dispose();
            throw;
        }

        try
        {
            link.Open(completions);
        }
        catch (Exception exception)
        {
            // Whoever connects does not lead: the pump may be at work there.
            link.Fail(exception);
        }
    }

    /// <summary>The poll set has reported a descriptor. By the leader.</summary>
    public void OnReady(ulong token, PollEvents events, Completions completions)
    {
        if (token == ListenerToken)
        {
            _acceptor.Accept(completions);
        }
        else if (Table.Find(token) is { } link)
        {
            try
            {
                link.OnEvents(events, completions);
            }
            catch (Exception exception)
            {
                // What a peer sends, and what a pattern or a clock throws, ends that one's connection, and nothing else: this runs on
                // threads of everybody's.
                link.Fail(exception, completions);
            }
        }
    }

    /// <summary>What is to be looked at behind each turn. By the leader.</summary>
    public void Settle(Completions completions)
    {
        HandOutIfResumed(completions);
        foreach (Link link in Table.All)
        {
            if (link.Fault is { } fault)
            {
                link.Fail(fault, completions);
            }
            else if (link.State == LinkState.PeerClosed)
            {
                try
                {
                    link.EndIfPeerClosed(completions);
                }
                catch (Exception exception)
                {
                    link.Fail(exception, completions);
                }
            }
        }

        if (Life.IsDraining && IsDrained && Life.TryEndDrain())
        {
            Pump.Awaited.CountCaller(-1);
        }

        TellWatchesOfTurn();
    }
}
