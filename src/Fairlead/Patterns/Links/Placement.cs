using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <summary>
/// Chooses the link that a message goes to, and keeps messages and callers that wait for a peer until there is one. A message that may go
/// to any of several peers goes to one of them, and to another one when that one is lost.
/// </summary>
/// <remarks>
/// Owns the messages and callers that wait, whose turn it is, and what became of the messages that no link has any more. All of it is under
/// the endpoint's gate, except for the turn, which any thread advances. <see cref="Outbox"/> asks for a link or leaves a message here;
/// <see cref="EndpointCore"/> and the links report peers that come and go.
/// </remarks>
internal sealed class Placement
{
    private readonly EndpointCore _endpoint;
    private readonly LinkTable _table;
    private readonly bool _spreads;
    private readonly List<LinkWaitOperation> _callers = [];
    private readonly SendQueue _messages;
    private PastDeliveries _past;
    private uint _turn;

    /// <param name="endpoint">The endpoint whose messages they are.</param>
    public Placement(EndpointCore endpoint)
    {
        _endpoint = endpoint;
        _table = endpoint.Table;
        _spreads = endpoint.Profile.Spreads;
        _messages = new SendQueue(endpoint);
    }

    /// <summary>
    /// The link for the next message: of a pattern that has one peer, its link; of one that may send to any peer, the link whose turn it
    /// is. Null while there is no peer.
    /// </summary>
    public Link? TheLink
    {
        get
        {
            if (_spreads)
            {
                return NextLink();
            }

            foreach (Link link in _table.All)
            {
                if (link.State is LinkState.Up or LinkState.PeerClosed)
                {
                    return link;
                }
            }

            return null;
        }
    }

    /// <summary>What became of the messages of links that are over, and of those that no link had. Under the gate.</summary>
    public CloseReport Report => _past.Report;

    private ref BiasedLock Gate => ref _endpoint.Pump.Gate;

    /// <summary>Gives a caller the link, or keeps the caller until there is one.</summary>
    public void AddCaller(LinkWaitOperation operation)
    {
        Link? up;
        using (Gate.Hold())
        {
            _endpoint.Life.ThrowIfClosing();
            if (operation.IsClaimed)
            {
                return;
            }

            up = TheLink;
            if (up is null)
            {
                _callers.Add(operation);
                return;
            }
        }

        if (operation.TryComplete(up))
        {
            operation.Signal(inline: false);
        }
    }

    /// <summary>Ends the wait of a caller.</summary>
    /// <param name="operation">The caller's.</param>
    /// <param name="error">What it fails with; null: the time has passed.</param>
    public void Withdraw(LinkWaitOperation operation, Exception? error)
    {
        bool isOurs;
        using (Gate.Hold())
        {
            _callers.Remove(operation);
            isOurs = error is null ? operation.TryComplete(null) : operation.TryFail(error);
        }

        if (isOurs)
        {
            operation.Signal(inline: false);
        }
    }

    /// <summary>
    /// Returns the link for an operation. If there is none and the endpoint awaits peers, keeps the operation for the next peer, before all
    /// operations that come later, and returns null. An endpoint that has lost its peer for good keeps nothing.
    /// </summary>
    public Link? LinkFor(LinkOperation operation, Completions completions)
    {
        using (Gate.Hold())
        {
            _endpoint.Life.ThrowIfClosing();
            Link? link = TheLink;
            if (link is null && _endpoint.Presence.AwaitsPeers && !operation.IsClaimed)
            {
                switch (_messages.Add(operation, _endpoint.Policy, completions))
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

    /// <summary>Takes back an operation that no link has. False if a link has it.</summary>
    public bool TryWithdraw(LinkOperation operation, Exception? error)
    {
        bool isOurs = false;
        using (Gate.Hold())
        {
            if (operation.Link is not null)
            {
                return false;
            }

            _messages.Remove(operation);
            isOurs = error is null ? operation.TryComplete(operation.Unanswered(LinkOutcome.TimedOut)) : operation.TryFail(error);
        }

        if (isOurs)
        {
            operation.Signal(inline: false);
        }

        return true;
    }

    /// <summary>
    /// Leaves a message here for the next peer, by a policy that drops. If there is a peer already, returns its link instead. PeerGone: no
    /// peer will come.
    /// </summary>
    public LinkOutcome LeaveWaiting(in Letter letter, bool mayDrop, out Link? link)
    {
        LinkOutcome outcome;
        using (Completions completions = Completions.Rent())
        using (Gate.Hold())
        {
            _endpoint.Life.ThrowIfClosing();
            link = TheLink;
            outcome = link is not null ? LinkOutcome.Sent
                : _endpoint.Presence.AwaitsPeers ? _messages.Leave(letter, _endpoint.Policy, mayDrop, completions)
                : LinkOutcome.PeerGone;
        }

        if (link is null && outcome == LinkOutcome.Sent)
        {
            _endpoint.Pump.Request();
        }

        return outcome;
    }

    /// <summary>Gives a link that comes up what waits for a peer. Under the gate; the link serves it afterwards.</summary>
    public void OnUp(Link link, Completions completions)
    {
        link.Adopt(_messages, completions);
        foreach (LinkWaitOperation operation in _callers)
        {
            if (operation.TryComplete(link))
            {
                completions.Add(operation);
            }
        }

        _callers.Clear();
    }

    /// <summary>Counts what became of the messages of a link that is over. Under the gate.</summary>
    public void Count(LinkEnd end) => _past.Add(end);

    /// <summary>
    /// Counts a message that this end had taken over from its sender, and does not hand to anybody: the final report has it. Any thread, no
    /// lock held.
    /// </summary>
    public void CountLost()
    {
        using (Gate.Hold())
        {
            _past.AddUndelivered();
        }

        _endpoint.Drops.Count();
    }

    /// <summary>Moves what a link has not sent, and takes no more, to another link, or keeps it for the next peer. By that link.</summary>
    public void Move(Link link)
    {
        using (Completions completions = Completions.Rent())
        {
            Link? adopted;
            using (Gate.Hold())
            {
                adopted = MoveFrom(link, completions);
            }

            adopted?.Sending.ServeAdopted(completions);
        }

        _endpoint.Pump.Request();
    }

    /// <summary>Does the same under the gate; the caller lets the link that is returned serve what it has got.</summary>
    public Link? MoveFrom(Link link, Completions completions)
    {
        link.Sending.TakeMoving(_messages);
        return Place(completions);
    }

    /// <summary>
    /// Gives the messages that wait to a link that is there, or ends them if no peer will come. Under the gate; the caller lets the link
    /// that is returned serve them.
    /// </summary>
    public Link? Place(Completions completions)
    {
        if (_messages.Count > 0 && !_endpoint.IsClosing && TheLink is { } link && link.Sending.TryAdopt(_messages, completions))
        {
            return link;
        }

        while (_messages.Count > 0 && (_endpoint.IsClosing || !_endpoint.Presence.AwaitsPeers))
        {
            LinkOperation operation = TakeUnsent();
            if (_endpoint.IsClosing
                ? operation.TryFail(new ObjectDisposedException(_endpoint.Profile.Name))
                : operation.TryComplete(operation.Unanswered(LinkOutcome.PeerGone)))
            {
                completions.Add(operation);
            }
        }

        return null;
    }

    /// <summary>Fails the callers that wait for a link. Under the gate.</summary>
    /// <param name="error">Makes the exception of each.</param>
    /// <param name="completions">Tell the callers.</param>
    public void EndCallers(Func<Exception> error, Completions completions)
    {
        foreach (LinkWaitOperation operation in _callers)
        {
            if (operation.TryFail(error()))
            {
                completions.Add(operation);
            }
        }

        _callers.Clear();
    }

    /// <summary>Fails all that waits here, because the endpoint closes. Under the gate.</summary>
    public void End(ObjectDisposedException error, Completions completions)
    {
        EndCallers(() => error, completions);
        while (_messages.Count > 0)
        {
            LinkOperation operation = TakeUnsent();
            if (operation.TryFail(error))
            {
                completions.Add(operation);
            }
        }
    }

    /// <summary>Takes the first message that waits; a message that was left here counts as not delivered.</summary>
    private LinkOperation TakeUnsent()
    {
        LinkOperation operation = _messages.Dequeue();
        if (operation.IsLeft)
        {
            _past.AddUndelivered();
        }

        return operation;
    }

    /// <summary>The next link in turn that has room; if none has, the one for which the fewest messages wait.</summary>
    private Link? NextLink()
    {
        Link[] links = _table.All;
        Link? least = null;
        Link? closed = null;
        uint start = links.Length > 1 ? Interlocked.Increment(ref _turn) : 0;
        for (uint i = 0; i < links.Length; i++)
        {
            Link link = links[(start + i) % links.Length];
            if (link.State == LinkState.Up)
            {
                if (link.Sending.HasRoomNow)
                {
                    return link;
                }

                least = least is null || link.Sending.Waiting < least.Sending.Waiting ? link : least;
            }
            else if (link.State == LinkState.PeerClosed)
            {
                closed ??= link;
            }
        }

        // A link whose peer closes takes nothing more: a message that may wait for another peer does.
        return least ?? (_endpoint.Presence.AwaitsPeers ? null : closed);
    }
}
