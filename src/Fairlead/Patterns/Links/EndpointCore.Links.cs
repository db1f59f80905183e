using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>Links come and go.</content>
internal sealed partial class EndpointCore
{
    private const int AcceptsPerTurn = 64;

    /// <summary>Peers that have connected to one endpoint and not been through the handshake.</summary>
    private const int MostHandshakes = 4096;

    private readonly List<LinkWaitOperation> _linkWaiters = [];
    private readonly SendQueue _waiting;
    private Link[] _linkCache = [];
    private Link[] _announcing = [];
    private bool _isAcceptingPaused;
    private int _upCount;
    private PastDeliveries _past;

    /// <summary>Why the last link went down; null while none has. A connected endpoint that has this is over.</summary>
    public LinkEnd? LastEnd => Volatile.Read(ref _lastEnd);

    /// <summary>The link of a pattern that has one peer, or that of the one whose turn it is where it spreads; null while nobody is there.</summary>
    public Link? TheLink
    {
        get
        {
            if (_profile.Spreads)
            {
                return NextLink();
            }

            foreach (Link link in _linkCache)
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
        using (_gate.Hold())
        {
            ThrowIfClosing();
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
        using (_gate.Hold())
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
    /// The link of a pattern that has one peer. A bound endpoint that has none keeps the operation, before all that come later, for the first to come, and null is returned; so it is
    /// by a connected one that has lost its peer, which keeps nothing.
    /// </summary>
    public Link? LinkFor(LinkOperation operation, Completions completions)
    {
        using (_gate.Hold())
        {
            ThrowIfClosing();
            Link? link = TheLink;
            if (link is null && AwaitsPeers && !operation.IsClaimed)
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
        using (_gate.Hold())
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
        using (_gate.Hold())
        {
            wasSought = IsReconnecting;

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
        _owner.OnUp(link, completions);
        if (wasSought)
        {
            NoteFound(link, completions);
        }

        Report(link, MessageKind.Joined, completions);
    }

    /// <summary>By a link that has gone down; what it received stays in the queue.</summary>
    public void OnDown(Link link, LinkEnd end, Completions completions)
    {
        bool reconnects = false;
        Link? adopted;
        StopWatching(link.Connection);
        using (_gate.Hold())
        {
            _links.Remove(link.Token);
            UpdateLinkCache();

            // Nobody waits for the answers any more. Deliveries of a peer that died are messages all the same; where this side ended the link, their senders were told.
            Drop(link, id: null, withDeliveries: link.WasEndedHere, out _);
            if (link.WasUp)
            {
                _upCount--;
                Counters.SetClients(_upCount);
                _past.Add(end);
            }

            if (EndsWithPeer)
            {
                FailureException = link.Failure;
                foreach (LinkWaitOperation operation in _linkWaiters)
                {
                    if (operation.TryFail(EndException(end, link.Failure)))
                    {
                        completions.Add(operation);
                    }
                }

                _linkWaiters.Clear();
                reconnects = SeekOrEnd(link, end, completions);
            }

            link.TakeMoving(_waiting);
            adopted = Place(completions);
        }

        adopted?.ServeAdopted(completions);

        if (FairleadEventSource.Log.IsEnabled())
        {
            FairleadEventSource.Log.Disconnected(Address.Display, link.Peer.ToString(), end.Reason.ToString(), end.Text ?? "");
        }

        if (link.WasUp)
        {
            _owner.OnDown(link, end, completions);
            Report(link, MessageKind.Left, completions);
        }
        else
        {
            _owner.OnNeverUp();
        }

        if (reconnects)
        {
            _ = Task.Run(() => _reconnector!.SeekAsync(Address));
        }
    }

    /// <summary>The error of a call on a link that has ended.</summary>
    public FairleadException EndException() => EndException(LastEnd ?? new LinkEnd(CloseReason.PeerDied, null), FailureException);

    /// <summary>The error of a call on this link, which has ended, or takes nothing more because its peer closes.</summary>
    public FairleadException EndException(Link link) => EndException(link.End ?? new LinkEnd(CloseReason.ClosedByPeer, null) { Peer = link.Peer }, link.Failure);

    public string? OnSubscription(Link link, string topic, bool subscribes) => _owner.OnSubscription(link, topic, subscribes);

    public void OnCredit(Link link) => _owner.OnCredit(link);

    private FairleadException? FailureException { get; set; }

    private FairleadException EndException(LinkEnd end, FairleadException? failure) =>
        failure is null ? end.ToException(Address) : failure.Address is null ? failure.At(Address) : failure;

    private Link? Find(ulong token)
    {
        using (_gate.Hold())
        {
            return _links.GetValueOrDefault(token);
        }
    }

    private void AddLink(Connection connection, bool isAccepted, Completions completions)
    {
        Link link;
        using (_gate.Hold())
        {
            if (_isRetired || IsClosed)
            {
                // It was in the listener's queue when that closed, or came back while the endpoint ended, and finds nobody.
                connection.Dispose();
                return;
            }

            link = new Link(this, connection, ++_nextToken, isAccepted);
            _links.Add(link.Token, link);
            UpdateLinkCache();
        }

        try
        {
            StartWatching(connection, link.Token);
        }
        catch
        {
            using (_gate.Hold())
            {
                _links.Remove(link.Token);
                UpdateLinkCache();
            }

            connection.Dispose();
            throw;
        }

        link.Open(completions);
    }

    private void UpdateLinkCache()
    {
        _linkCache = [.. _links.Values];
        _announcing = [.. _links.Values.Where(static link => link.Connection.Sleep is not null)];
        Volatile.Write(ref _memoryAlone, _linkCache is [{ Connection.Memory: not null } link] ? link : null);
    }

    private void Accept(Completions completions)
    {
        try
        {
            for (int i = 0; i < AcceptsPerTurn && !IsClosing; i++)
            {
                if (Volatile.Read(ref _listener) is not { } listener)
                {
                    return;
                }

                if (DescriptorReserve.IsTouchedBy(listener.WaitDescriptor))
                {
                    PauseAccepting("the process has few descriptors left, which are kept for what it does itself: raise its limit (ulimit -n)");
                    return;
                }

                Connection? accepted = listener.TryAccept();
                for (int dropped = listener.TakeDropped(); dropped > 0; dropped--)
                {
                    CountDropped();
                }

                if (accepted is not { } connection)
                {
                    return;
                }

                AddLink(connection, isAccepted: true, completions);
                KeepHandshakesBounded();
            }
        }
        catch (FairleadException exception)
        {
            PauseAccepting(exception.WhatHappened);
        }
    }

    /// <summary>Those who wait stay in the kernel's queue, and are accepted when the slow rounds try again. By the pump.</summary>
    private void PauseAccepting(string why)
    {
        FairleadEventSource.Log.CannotAccept(Address.Display, why);
        if (Volatile.Read(ref _listener) is { } listener)
        {
            _isAcceptingPaused = true;
            _pollSet.TryModify(listener.WaitDescriptor, ListenerToken, PollEvents.None);
            ServeLater();
        }
    }

    /// <summary>Of those who have connected and not said who they are only so many are kept: the oldest makes room, since an honest one is through at once. By the pump.</summary>
    private void KeepHandshakesBounded()
    {
        if (_linkCache.Length <= MostHandshakes)
        {
            return;
        }

        Link? oldest = null;
        int count = 0;
        foreach (Link link in _linkCache)
        {
            if (link.State == LinkState.Handshaking && link.IsAccepted && !EndsWithPeer)
            {
                count++;
                oldest = oldest is null || link.Token < oldest.Token ? link : oldest;
            }
        }

        if (count > MostHandshakes)
        {
            oldest!.Kill(CloseReason.Limit, "too many others connected and said nothing");
        }
    }

    private void ResumeAccepting()
    {
        using (_gate.Hold())
        {
            if (_isAcceptingPaused && !IsTornDown && _listener is { } listener)
            {
                _isAcceptingPaused = false;
                _pollSet.TryModify(listener.WaitDescriptor, ListenerToken, PollEvents.Read);
            }
        }
    }

    /// <summary>What is to be looked at after each turn.</summary>
    private void Settle(Completions completions)
    {
        HandOutIfResumed(completions);
        foreach (Link link in _linkCache)
        {
            if (link.State == LinkState.PeerClosed)
            {
                link.EndIfPeerClosed(completions);
            }
        }

        if (Volatile.Read(ref _drained) is { } drained && IsDrained && drained.TrySetResult())
        {
            EndAsyncWait();
        }

        TellWatchesOfTurn();
    }
}
