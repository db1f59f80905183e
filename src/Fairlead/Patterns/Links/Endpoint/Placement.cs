using Fairlead.Native.Memory;
using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>Chooses the link for each message, and keeps messages and callers until there is a peer.</summary>
/// <remarks>
/// <para>A message that may go to several peers goes to one of them, and to another one if that peer is lost.</para>
/// <para>
/// Owns the waiting messages and callers, the round robin, and the outcomes of messages that no link has any more. All of it is under the
/// endpoint's gate, except for the round robin, which any thread advances. <c>Outbox</c> asks for a link, or leaves a message or an
/// operation here. <see cref="EndpointCore"/> and the links report peers that come and go.
/// </para>
/// </remarks>
internal sealed class Placement
{
    private readonly EndpointContext _endpoint;
    private readonly PeerPresence _presence;
    private readonly LinkTable _table;
    private readonly bool _spreads;
    private readonly List<LinkWaitOperation> _callers = [];
    private readonly SendQueue _messages;
    private PastDeliveries _past;
    private uint _turn;

    // The peer of a pattern with one, and a hint for any thread.
    private Link? _latest;

    /// <param name="endpoint">The endpoint that sends.</param>
    /// <param name="table">Its links.</param>
    /// <param name="presence">Whether a peer may come.</param>
    public Placement(EndpointContext endpoint, LinkTable table, PeerPresence presence)
    {
        _endpoint = endpoint;
        _table = table;
        _presence = presence;
        _spreads = endpoint.Profile.Spreads;
        _messages = new SendQueue(endpoint);
    }

    /// <summary>The link for the next message; null without a peer.</summary>
    /// <remarks>For a pattern with one peer, that peer's link. For one that may send to any peer, the next link of the round
    /// robin.</remarks>
    public Link? SingleLink
    {
        get
        {
            if (_spreads)
            {
                return NextLink();
            }

            if (Volatile.Read(ref _latest) is { State: LinkState.Up or LinkState.PeerClosed } latest)
            {
                return latest;
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

    /// <summary>The outcomes of messages whose links are over, and of those that had no link. Under the gate.</summary>
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

            up = SingleLink;
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
    /// <param name="operation">The caller's operation.</param>
    /// <param name="error">The error to fail with; null means that the time has passed.</param>
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

    /// <summary>Starts an operation that has no link, on the next one if there is one.</summary>
    /// <remarks>Otherwise it waits for the next peer, or ends.</remarks>
    public void Start(LinkOperation operation)
    {
        Link? link;
        using (Completions completions = Completions.Rent())
        {
            try
            {
                link = LinkFor(operation, completions);
            }
            catch (ObjectDisposedException disposed)
            {
                operation.Withdraw(disposed);
                return;
            }
        }

        if (link is not null)
        {
            operation.PeerLink = link;
            link.LinkSender.Start(operation);
        }
        else if (_presence.AwaitsPeers)
        {
            _endpoint.Pump.Request();
        }
        else
        {
            operation.EndUnsent();
        }
    }

    /// <summary>Returns the link for an operation, or keeps the operation for the next peer and returns null.</summary>
    /// <remarks>
    /// It goes to the next peer before all later operations. An endpoint that has permanently lost its peer keeps nothing.
    /// </remarks>
    private Link? LinkFor(LinkOperation operation, Completions completions)
    {
        using (Gate.Hold())
        {
            _endpoint.Life.ThrowIfClosing();
            Link? link = SingleLink;
            if (link is null && _presence.AwaitsPeers && !operation.IsClaimed)
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

    /// <summary>Withdraws an operation that has no link. Returns false if it has one.</summary>
    public bool TryWithdraw(LinkOperation operation, Exception? error)
    {
        bool isOurs = false;
        using (Gate.Hold())
        {
            if (operation.PeerLink is not null)
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

    /// <summary>Enqueues a message for the next peer, by a dropping policy, or returns the link of a peer that is connected.</summary>
    /// <remarks>PeerGone means that no peer will come.</remarks>
    public LinkOutcome EnqueueWaiting(in OutgoingMessage message, WhenFull whenFull, out Link? link)
    {
        LinkOutcome outcome;
        using (Completions completions = Completions.Rent())
        using (Gate.Hold())
        {
            _endpoint.Life.ThrowIfClosing();
            link = SingleLink;
            outcome = link is not null ? LinkOutcome.Sent
                : _presence.AwaitsPeers ? _messages.EnqueueCopy(message, _endpoint.Policy, whenFull, completions)
                : LinkOutcome.PeerGone;
        }

        if (link is null && outcome == LinkOutcome.Sent)
        {
            _endpoint.Pump.Request();
        }

        return outcome;
    }

    /// <summary>Gives waiting messages and callers to a link that comes up. Under the gate; the link serves them afterwards.</summary>
    public void OnUp(Link link, Completions completions)
    {
        link.TakeOver(_messages, completions);
        Volatile.Write(ref _latest, link);
        foreach (LinkWaitOperation operation in _callers)
        {
            if (operation.TryComplete(link))
            {
                completions.Add(operation);
            }
        }

        _callers.Clear();
    }

    /// <summary>Forgets a link that is over, and counts the outcomes of its messages. Under the gate.</summary>
    public void OnDown(Link link, LinkEnd end)
    {
        _past.Add(end);
        if (_latest == link)
        {
            Volatile.Write(ref _latest, null);
        }
    }

    /// <summary>Counts, for the final report, a message that this end had taken from its sender and does not deliver.</summary>
    /// <remarks>Any thread, with no lock held.</remarks>
    public void CountLost()
    {
        using (Gate.Hold())
        {
            _past.AddUndelivered();
        }

        _endpoint.DropReport.Count();
    }

    /// <summary>Moves unsent messages of a link to another link, or keeps them for the next peer. Called by the first link.</summary>
    public void Move(Link link)
    {
        using (Completions completions = Completions.Rent())
        {
            Link? adopted;
            using (Gate.Hold())
            {
                adopted = MoveFrom(link, completions);
            }

            adopted?.LinkSender.ServeTakenOver(completions);
        }

        _endpoint.Pump.Request();
    }

    /// <summary>Does the same under the gate. The caller makes the returned link serve its new messages.</summary>
    public Link? MoveFrom(Link link, Completions completions)
    {
        link.LinkSender.TakeRequeued(_messages);
        return Place(completions);
    }

    /// <summary>Gives waiting messages to a connected link, or ends them if no peer will come. Under the gate.</summary>
    /// <remarks>The caller makes the returned link serve them.</remarks>
    public Link? Place(Completions completions)
    {
        if (_messages.Count > 0 && !_endpoint.IsClosing && SingleLink is { } link && link.LinkSender.TryTakeOver(_messages, completions))
        {
            return link;
        }

        while (_messages.Count > 0 && (_endpoint.IsClosing || !_presence.AwaitsPeers))
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
    /// <param name="error">Creates the exception for each caller.</param>
    /// <param name="completions">Signals the callers.</param>
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

    /// <summary>Fails all waiting messages and callers, because the endpoint closes. Under the gate.</summary>
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

    /// <summary>Removes the first waiting message; one without a caller counts as not delivered.</summary>
    private LinkOperation TakeUnsent()
    {
        LinkOperation operation = _messages.Dequeue();
        if (operation.HasNoCaller)
        {
            _past.AddUndelivered();
        }

        return operation;
    }

    /// <summary>Returns the next link of the round robin with capacity; if none has any, the one with the fewest waiting
    /// messages.</summary>
    private Link? NextLink()
    {
        Link[] links = _table.All;
        Link? least = null;
        Link? closed = null;
        uint start = links.Length > 1 ? Interlocked.Increment(ref _turn) : 0;
        for (uint i = 0; i < links.Length; i++)
        {
            uint at = start + i;
            Link link = links[at < links.Length ? at : at % links.Length];
            if (link.State == LinkState.Up)
            {
                if (link.LinkSender.HasRoomNow)
                {
                    return link;
                }

                least = least is null || link.LinkSender.Waiting < least.LinkSender.Waiting ? link : least;
            }
            else if (link.State == LinkState.PeerClosed)
            {
                closed ??= link;
            }
        }

        // A link whose peer is closing takes nothing more, so a message that may wait for another peer does.
        return least ?? (_presence.AwaitsPeers ? null : closed);
    }
}
