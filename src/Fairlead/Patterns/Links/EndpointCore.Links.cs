using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>Links come and go, and the parts hear of it in this order. By the pump, by links, and by the thread that connects.</content>
internal sealed partial class EndpointCore
{
    private int _upCount;

    /// <summary>A link has come through its handshake. By that link.</summary>
    public void OnUp(Link link, Completions completions)
    {
        bool wasSought;
        using (Gate.Hold())
        {
            wasSought = Presence.IsReconnecting;

            // At once with becoming visible: no new message overtakes those that waited.
            Placement.OnUp(link, completions);
            _upCount++;
            Counters.SetClients(_upCount);
        }

        if (FairleadEventSource.Log.IsEnabled())
        {
            FairleadEventSource.Log.Connected(Address.Display, link.Peer.ToString());
        }

        link.Sending.ServeAdopted(completions);
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

        Receivers.Report(link, MessageKind.Joined, completions);
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
            Receivers.DropUnread(link);
            if (link.WasUp)
            {
                _upCount--;
                Counters.SetClients(_upCount);
                Placement.Count(end);
            }

            if (EndsWithPeer)
            {
                Placement.EndCallers(() => Presence.EndException(end, link.Failure), completions);
                reconnects = Presence.OnLost(link, end, completions);
            }

            adopted = Placement.MoveFrom(link, completions);
        }

        adopted?.Sending.ServeAdopted(completions);

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
            Receivers.Report(link, MessageKind.Left, completions);
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
        Receivers.HandOutIfResumed(completions);
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

        Watches.TellOfTurn();
    }
}
