using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Endpoint;

/// <content>Links coming and going, and the order in which the parts learn of it.</content>
internal sealed partial class EndpointCore
{
    /// <summary>The number of links that are up, or whose peers have closed.</summary>
    public int UpCount => Table.UpCount;

    /// <summary>Handles a link that has completed its handshake. Called by that link.</summary>
    public void OnUp(Link link, Completions completions)
    {
        bool wasSought;
        using (Gate.Hold())
        {
            wasSought = Presence.IsReconnecting;

            // In the same step as becoming visible: no new message may overtake those that waited.
            Placement.OnUp(link, completions);
            Counters.SetClients(++Table.UpCount);
        }

        if (FairleadEventSource.Log.IsEnabled())
        {
            FairleadEventSource.Log.Connected(Address.Display, link.Peer.ToString());
        }

        link.LinkSender.ServeTakenOver(completions);
        try
        {
            Owner.OnUp(link, completions);
        }
        catch (Exception exception)
        {
            // Takes effect at the end of this iteration, after all parts know that the link was up.
            link.Fail(exception);
        }

        if (wasSought)
        {
            Presence.OnFound(link, completions);
        }

        Receivers.Report(link, MessageKind.Joined, completions);
    }

    /// <summary>Handles a link that has gone down; its received messages stay in the queue. Called by that link.</summary>
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
                Counters.SetClients(--Table.UpCount);
                Placement.OnDown(link, end);
            }

            if (EndsWithPeer)
            {
                Placement.EndCallers(() => Presence.EndException(end, link.Failure), completions);
                reconnects = Presence.OnLost(link, end, completions);
            }

            adopted = Placement.MoveFrom(link, completions);
        }

        adopted?.LinkSender.ServeTakenOver(completions);

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

    /// <summary>Adds a link for a connection, which it owns from now on.</summary>
    /// <remarks>
    /// An exception before the link is watched goes to the caller, and nothing remains of the link. A later exception ends the link.
    /// </remarks>
    public void AddLink(Connection connection, bool isAccepted, Completions completions)
    {
        Link? link = null;
        try
        {
            using (Gate.Hold())
            {
                if (Life.TakesNoPeers)
                {
                    // The connection was queued when the listener closed, or returned while the endpoint ended.
                    connection.Dispose();
                    return;
                }

                link = new Link(this, this, connection, Table.NewToken(), isAccepted);
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
            // A connecting thread does not lead, so the pump may be working on the link.
            link.Fail(exception);
        }
    }

    /// <inheritdoc/>
    public override bool TryWithdraw(LinkOperation operation, Exception? error) => Placement.TryWithdraw(operation, error);

    /// <inheritdoc/>
    public override void HandOutAgain() => Receivers.HandOutAgain();

    void IAcceptorOwner.OnAccepted(Connection connection, Completions completions) =>
        AddLink(connection, isAccepted: true, completions);

    void IAcceptorOwner.ServeLater() => Housekeeping.ServeLater();

    bool IPresenceOwner.Has(PeerLink link) => Table.Has(link);

    void IPresenceOwner.Place(Completions completions) => Placement.Place(completions);

    void IPresenceOwner.EndReceivers(Completions completions) => Receivers.End(null, completions);

    void IPresenceOwner.OnLost() => CompletionSource.OnLost();

    void IPresenceOwner.OnStateChanged(EndpointStateChange change) => Owner.OnStateChanged(change);

    int ILinkHost.MessagesWanted => Receivers.MessagesWanted();

    FairleadException? ILinkHost.Refusal(Link link, Handshake theirs) => Admission.Refusal(link, theirs);

    FairleadException? ILinkHost.TooManyPeers(Link link) => Admission.TooManyPeers(link);

    void ILinkHost.ServeHandshakes(Link link) => Housekeeping.ServeHandshakes(link);

    void ILinkHost.AddPeerClosed(Link link) => Table.AddPeerClosed(link);

    void ILinkHost.AddFailed(Link link) => Table.AddFailed(link);

    void ILinkHost.NoteDeferred(Link link, bool isDeferred) => Table.NoteDeferred(link, isDeferred);

    void ILinkHost.SetInterest(Link link, PollEvents interest) => Table.SetInterest(link, interest);

    void ILinkHost.Publish(Link link, Completions completions) => Receivers.Publish(link, completions);

    bool ILinkHost.TryDrop(Link link, uint id, out MessageKind kind) => Receivers.TryDrop(link, id, out kind);

    bool ILinkHost.HasNoInbound(Link link) => Receivers.HasNoInbound(link);

    bool ILinkHost.HasMessagesBeside(Link slow) => Receivers.HasMessagesBeside(slow);

    void ILinkHost.ServeLater(Link link) => Housekeeping.ServeLater(link);

    void ILinkHost.Move(Link link) => Placement.Move(link);

    void ILinkHost.OnCredit(Link link) => Owner.OnCredit(link);

    PublishedPosition? ILinkHost.LastPosition => Owner.LastPosition;

    void ILinkHost.OnPosition(Link link, PublishedPosition position, bool isStart) => Owner.OnPosition(link, position, isStart);

    bool ILinkHost.TrySubscribe(Link link, uint id, string topic, bool subscribes, ReadOnlySpan<byte> head, out string? refusal)
    {
        if (Owner.DefersSubscription(link, id, topic, subscribes))
        {
            refusal = null;
            return false;
        }

        refusal = Owner.OnSubscription(link, topic, subscribes, head);
        return true;
    }

    IPeerReports ILinkHost.Reports => Presence;

    bool IPumpOwner.IsServedAlways => Housekeeping.IsServedAlways;

    void IPumpOwner.OnAwake(Completions completions) => Table.OnAwake(completions);

    void IPumpOwner.FlushDeferred() => Table.FlushDeferred();

    void IPumpOwner.OfferRole() => _watchList.OfferRole();

    void IPumpOwner.ServeWhileAway() => Housekeeping.ServeWhileAway();

    void IPumpOwner.ServeLater() => Housekeeping.ServeLater();

    void IPumpOwner.JoinDeferredWork() => Housekeeping.JoinDeferredWork();

    void IPumpOwner.OnReady(ulong token, PollEvents events, Completions completions)
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
                // An error by the peer, a pattern or a clock ends only this connection, because this may run on a shared thread.
                link.Fail(exception, completions);
            }
        }
    }

    void IPumpOwner.Settle(Completions completions)
    {
        Receivers.HandOutIfResumed(completions);
        Table.Settle(completions);
        if (Life.IsDraining && IsDrained && Life.TryEndDrain())
        {
            Pump.AwaitedEvents.CountCaller(-1);
        }

        _watchList.TellOfTurn();
    }
}
