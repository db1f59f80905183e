using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>Tracks whether the peer of an endpoint is lost, sought or permanently gone, and makes the errors for it.</summary>
/// <remarks>
/// Owns how the peer was lost, why the endpoint is over, and the reports to the user. These change under the endpoint's gate; any thread
/// reads them. <see cref="EndpointCore"/> reports links that come and go. The <see cref="Reconnector"/> reports its attempts. Callers ask
/// what they may still wait for.
/// </remarks>
internal sealed class PeerPresence : IReconnectorOwner, IPeerReports, IDisposable
{
    private readonly EndpointContext _endpoint;
    private readonly IPresenceOwner _owner;
    private readonly StateChanges _changes;

    // Null if the endpoint is bound.
    private readonly Reconnector? _reconnector;

    // Held open by the transport between two connections; null if the endpoint does not seek a lost peer.
    private ConnectAttempts? _attempts;

    // How the peer that the reconnector seeks was lost.
    private LinkEnd? _lostPeer;
    private LinkEnd? _lastEnd;
    private FairleadException? _failure;
    private string? _hindrance;
    private string? _brokerLoss;

    /// <param name="endpoint">The endpoint whose peer is tracked.</param>
    /// <param name="owner">Connects again, and ends what waits for a peer.</param>
    /// <param name="addresses">The addresses at which to seek a lost peer; none if the endpoint is bound.</param>
    public PeerPresence(EndpointContext endpoint, IPresenceOwner owner, Address[] addresses)
    {
        _endpoint = endpoint;
        _owner = owner;
        _changes = new StateChanges(owner.OnStateChanged, () => endpoint.Address);
        _reconnector = endpoint.IsBound
            ? null
            : new Reconnector(addresses, endpoint.Settings.Reconnect, endpoint.Settings.Time, this);
        endpoint.Settings.Hindrance.Watch(Hinder, LoseBroker);
    }

    /// <summary>How the last link went down, if that ended the endpoint. Otherwise null.</summary>
    /// <remarks>Always null for an endpoint that does not end with its peer.</remarks>
    public LinkEnd? LastEnd => Volatile.Read(ref _lastEnd);

    /// <summary>Whether the endpoint is over because its peer is permanently gone.</summary>
    public bool HasEnded => LastEnd is not null;

    /// <summary>Whether the peer is lost and being sought.</summary>
    public bool IsReconnecting => _reconnector is { IsSeeking: true };

    /// <summary>Whether a caller may wait for a peer: on a bound or reconnecting endpoint, until it is over.</summary>
    public bool AwaitsPeers => !HasEnded && (_endpoint.IsBound || _endpoint.Settings.Reconnect != TimeSpan.Zero);

    /// <summary>Why the broker behind a bridge is lost, or takes nothing now; otherwise null.</summary>
    public string? Hindrance => Volatile.Read(ref _brokerLoss) ?? Volatile.Read(ref _hindrance);

    /// <summary>Notes and reports that the broker or the store takes nothing; null: it does again. Any thread without locks.</summary>
    public void Hinder(string? why)
    {
        if (Interlocked.Exchange(ref _hindrance, why) == why)
        {
            return;
        }

        Show();
        EndpointState state = why is null ? EndpointState.Connected : EndpointState.Blocked;
        _changes.Add(new EndpointStateChange(state, CloseReason.Limit, 0) { Detail = why });
        if (why is not null)
        {
            FairleadEventSource.Log.Blocked(_endpoint.Address.Display, why);
        }
    }

    /// <summary>Reports that a peer's process is stopped, or runs again. Any thread without locks.</summary>
    public void OnStopped(Peer peer, bool isStopped)
    {
        EndpointState state = isStopped ? EndpointState.PeerStopped : EndpointState.PeerResumed;
        _changes.Add(new EndpointStateChange(state, CloseReason.Limit, 0) { Peer = peer });
        FairleadEventSource.Log.PeerStopped(_endpoint.Address.Display, $"{peer}", isStopped ? "stopped" : "running again");
    }

    /// <summary>Notes and reports that the broker behind a bridge is lost and sought; null: it was found. One thread at a time, without
    /// locks.</summary>
    /// <remarks>What hindered the lost connection hinders no longer. The next one says so itself.</remarks>
    /// <param name="why">The reason; null: the broker was found.</param>
    /// <param name="attempts">The number of attempts since the loss.</param>
    public void LoseBroker(string? why, int attempts)
    {
        if (why == Interlocked.Exchange(ref _brokerLoss, why))
        {
            return;
        }

        Volatile.Write(ref _hindrance, null);
        Show();
        EndpointState state = why is null ? EndpointState.Connected : EndpointState.Reconnecting;
        _changes.Add(new EndpointStateChange(state, CloseReason.PeerDied, attempts) { Detail = why });
    }

    /// <summary>Returns the error of a call on an endpoint that is over.</summary>
    public FairleadException EndException() => EndException(LastEnd ?? new LinkEnd(CloseReason.PeerDied, null), _failure);

    /// <summary>Returns the error for an end.</summary>
    /// <param name="end">How the link ended.</param>
    /// <param name="failure">The exception that ended it, if there was one.</param>
    public FairleadException EndException(LinkEnd end, FairleadException? failure) =>
        PeerLink.EndException(end, failure, _endpoint.Address);

    /// <summary>Handles the loss of the link with which the endpoint ends. Under the gate.</summary>
    /// <remarks>Returns true if the caller has to call <see cref="Seek"/> after leaving the gate.</remarks>
    public bool OnLost(PeerLink link, LinkEnd end, Completions completions)
    {
        _failure = link.Failure;

        // A bridge that has ended seeks its broker no longer.
        Volatile.Write(ref _brokerLoss, null);
        return SeekOrEnd(link, end, completions);
    }

    /// <summary>Handles the return of the peer that was sought. No lock is held.</summary>
    /// <remarks>
    /// The connecting thread opens a raw link. The pump may have seen that link's end during the search, and so not have begun a new one.
    /// </remarks>
    public void OnFound(PeerLink link, Completions completions)
    {
        bool seeksAgain;
        using (_endpoint.Pump.Gate.Hold())
        {
            _reconnector!.End();
            Tell(EndpointState.Connected, _lostPeer!.Reason, _reconnector.Attempts);
            seeksAgain = !_owner.Has(link) && SeekOrEnd(link, link.End!, completions);
            _owner.Place(completions);
        }

        if (seeksAgain)
        {
            Seek();
        }
    }

    /// <summary>Starts the task that seeks the peer. Called once for each true from <see cref="OnLost"/>.</summary>
    public void Seek() => _ = PoolWork.Start(() => _reconnector!.SeekAsync(_endpoint.Address));

    /// <summary>Owns from now on what the transport keeps open from one connection to the next.</summary>
    public void Own(ConnectAttempts attempts)
    {
        Volatile.Write(ref _attempts, attempts);
        if (_endpoint.IsClosing || HasEnded)
        {
            attempts.Dispose();
        }
    }

    /// <summary>Stops seeking, at the endpoint's end.</summary>
    public void Dispose()
    {
        _reconnector?.Dispose();
        Volatile.Read(ref _attempts)?.Dispose();
    }

    bool IReconnectorOwner.IsClosing => _endpoint.IsClosing;

    Task IReconnectorOwner.ReconnectAsync(Address address, CancellationToken cancellationToken) =>
        _owner.ReconnectAsync(address, cancellationToken);

    void IReconnectorOwner.OnAttemptFailed(Address address, int attempt, FairleadException why) =>
        FairleadEventSource.Log.Reconnecting(address.Display, attempt, why.WhatHappened);

    void IReconnectorOwner.OnGivenUp()
    {
        using (Completions completions = Completions.Rent())
        using (_endpoint.Pump.Gate.Hold())
        {
            _reconnector!.End();
            GoOver(_lostPeer!);
            _owner.EndReceivers(completions);
            _owner.Place(completions);
            _owner.OnLost();
            Tell(EndpointState.Ended, _lostPeer!.Reason, _reconnector.Attempts);
        }
    }

    /// <summary>Begins to seek the peer of a lost link, and returns true; or ends the endpoint. Under the gate.</summary>
    private bool SeekOrEnd(PeerLink link, LinkEnd end, Completions completions)
    {
        if (IsToBeReplaced(link, end))
        {
            if (!_reconnector!.TryBegin())
            {
                return false;
            }

            _lostPeer = end;
            Tell(EndpointState.Reconnecting, end.Reason, 0);
            return true;
        }

        if (!IsReconnecting || _endpoint.IsClosing)
        {
            GoOver(end);
            _owner.EndReceivers(completions);
            _owner.OnLost();
            if (link.WasUp && _endpoint.Settings.Reconnect != TimeSpan.Zero && !_endpoint.IsClosing)
            {
                Tell(EndpointState.Ended, end.Reason, 0);
            }
        }

        return false;
    }

    /// <summary>The endpoint ends with its peer: there are no further attempts.</summary>
    private void GoOver(LinkEnd end)
    {
        Volatile.Write(ref _lastEnd, end);
        Volatile.Read(ref _attempts)?.Dispose();
    }

    private bool IsToBeReplaced(PeerLink link, LinkEnd end) =>
        _reconnector is { IsWanted: true } && !_endpoint.IsClosing && (IsReconnecting || link.WasUp)
        && end.Reason is CloseReason.PeerDied or CloseReason.ClosedByPeer or CloseReason.Heartbeat;

    private void Tell(EndpointState state, CloseReason reason, int attempt)
    {
        Show();
        _changes.Add(new EndpointStateChange(state, reason, attempt));
    }

    /// <summary>Shows the present state to other processes.</summary>
    private void Show() =>
        _endpoint.Counters.SetState(
            IsReconnecting || Volatile.Read(ref _brokerLoss) is not null ? EndpointState.Reconnecting
            : Volatile.Read(ref _hindrance) is not null ? EndpointState.Blocked
            : EndpointState.Connected);
}

/// <summary>The owner of a <see cref="PeerPresence"/>.</summary>
internal interface IPresenceOwner
{
    /// <summary>A lost peer is sought, found, or given up. On the pool.</summary>
    void OnStateChanged(EndpointStateChange change);

    /// <summary>Connects and completes the handshake.</summary>
    Task ReconnectAsync(Address address, CancellationToken cancellationToken);

    /// <summary>Returns whether a link has not gone down again. Under the gate.</summary>
    bool Has(PeerLink link);

    /// <summary>Gives waiting messages to the peer, or ends them if none will come. Under the gate.</summary>
    void Place(Completions completions);

    /// <summary>Ends the callers that wait for a message, because no peer will come. Under the gate.</summary>
    void EndReceivers(Completions completions);

    /// <summary>The peer is lost for good. Under the gate.</summary>
    void OnLost();
}
