using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>Links come and go.</content>
internal sealed partial class EndpointCore
{
    private readonly List<LinkWaitOperation> _linkWaiters = [];
    private readonly SendQueue _waiting;
    private Link[] _linkCache = [];
    private Link[] _announcing = [];
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
        try
        {
            _owner.OnUp(link, completions);
        }
        catch (Exception exception)
        {
            // In the end of this turn, when all have been told that it was there.
            link.Fail(exception);
        }

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
        Finishing.Do(Address.Display, () => StopWatching(link.Connection));
        using (_gate.Hold())
        {
            _links.Remove(link.Token);
            UpdateLinkCache();

            // Nobody waits for the answers any more. Deliveries of a peer that died are messages all the same; where this side ended the link, their senders were told.
            _ready.Drop(link, id: null, withDeliveries: link.WasEndedHere, out _);
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

        Finishing.Do(Address.Display, () => TellOwner(link, end, completions));

        if (reconnects)
        {
            _ = Task.Run(() => _reconnector!.SeekAsync(Address));
        }
    }

    private void TellOwner(Link link, LinkEnd end, Completions completions)
    {
        if (link.WasUp)
        {
            _owner.OnDown(link, end, completions);
            Report(link, MessageKind.Left, completions);
        }
        else
        {
            _owner.OnNeverUp();
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

    /// <summary>Owns the connection from now on. What is thrown before the link is watched is the caller's, and nothing is left of it; what is thrown afterwards ends the link.</summary>
    public void AddLink(Connection connection, bool isAccepted, Completions completions)
    {
        Link? link = null;
        try
        {
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

            StartWatching(connection, link.Token);
        }
        catch
        {
            using (_gate.Hold())
            {
                if (link is not null && _links.Remove(link.Token))
                {
                    UpdateLinkCache();
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

    public void SetInterest(Link link, PollEvents interest)
    {
        if (link.Connection.OutputDescriptor is not { } output)
        {
            _pollSet.Modify(link.Connection.WaitDescriptor, link.Token, interest);
            return;
        }

        _pollSet.Modify(link.Connection.WaitDescriptor, link.Token, interest & ~PollEvents.Write);
        _pollSet.Modify(output, link.Token, interest & PollEvents.Write);
    }

    /// <summary>The release is <see cref="StopWatching"/>.</summary>
    private void StartWatching(Connection connection, ulong token)
    {
        _pollSet.Add(connection.WaitDescriptor, token, PollEvents.Read);
        if (connection.OutputDescriptor is { } output)
        {
            _pollSet.Add(output, token, PollEvents.None);
        }

        if (connection.AbortDescriptor is { } abort)
        {
            _pollSet.Add(abort, token, PollEvents.Read);
        }
    }

    private void StopWatching(Connection connection)
    {
        _pollSet.Remove(connection.WaitDescriptor);
        if (connection.OutputDescriptor is { } output)
        {
            _pollSet.Remove(output);
        }

        if (connection.AbortDescriptor is { } abort)
        {
            _pollSet.Remove(abort);
        }
    }

    private void UpdateLinkCache()
    {
        _linkCache = [.. _links.Values];
        _announcing = [.. _links.Values.Where(static link => link.Connection.Sleep is not null)];
        Volatile.Write(ref _memoryAlone, _linkCache is [{ Connection.Memory: not null } link] ? link : null);
    }

    /// <summary>What is to be looked at after each turn.</summary>
    private void Settle(Completions completions)
    {
        HandOutIfResumed(completions);
        foreach (Link link in _linkCache)
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

        if (Volatile.Read(ref _drained) is { } drained && IsDrained && drained.TrySetResult())
        {
            EndAsyncWait();
        }

        TellWatchesOfTurn();
    }
}
