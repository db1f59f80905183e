using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>A connected endpoint that was asked to gets its peer back.</content>
internal sealed partial class EndpointCore : IReconnectorOwner
{
    private readonly StateChanges _changes;

    // Null where the endpoint is bound.
    private readonly Reconnector? _reconnector;

    // How the peer that is sought was lost. Under the gate.
    private LinkEnd? _lostPeer;

    /// <summary>Whether the peer is lost and being sought.</summary>
    public bool IsReconnecting => _reconnector is { IsSeeking: true };

    /// <summary>
    /// Whether somebody who has no peer waits for one: at a bound endpoint, and at one that seeks its peer again when it is lost.
    /// </summary>
    public bool AwaitsPeers =>
        (IsBound && !(EndsWithPeer && LastEnd is not null)) || (Settings.Reconnect != TimeSpan.Zero && LastEnd is null);

    async Task IReconnectorOwner.ReconnectAsync(Address address, CancellationToken token)
    {
        Connection connection = await BuiltInTransports.Find(address).ConnectAsync(address, Settings, token).ConfigureAwait(false);
        bool isElsewhere = address != Address;
        Volatile.Write(ref _address, address);
        await OpenAsync(connection, token).ConfigureAwait(false);
        if (isElsewhere)
        {
            _entry.MoveTo(address.ToString());
        }
    }

    void IReconnectorOwner.OnAttemptFailed(Address address, int attempt, FairleadException why) =>
        FairleadEventSource.Log.Reconnecting(address.Display, attempt, why.WhatHappened);

    void IReconnectorOwner.OnGivenUp()
    {
        using (Completions completions = Completions.Rent())
        using (Gate.Hold())
        {
            _reconnector!.End();
            Volatile.Write(ref _lastEnd, _lostPeer);
            EndReceivers(null, completions);
            Place(completions);
            Tell(EndpointState.Ended, _lostPeer!.Reason, _reconnector.Attempts);
        }

    }

    /// <summary>Whether a link that went down so is to be replaced. Under the gate.</summary>
    private bool IsToBeReplaced(Link link, LinkEnd end) =>
        _reconnector is { IsWanted: true } && !IsClosing && (IsReconnecting || link.WasUp)
        && end.Reason is CloseReason.PeerDied or CloseReason.ClosedByPeer or CloseReason.Heartbeat;

    /// <summary>
    /// A link has gone down: whether its peer is sought from now on. Where nobody seeks it, the endpoint ends with it. Under the gate.
    /// </summary>
    private bool SeekOrEnd(Link link, LinkEnd end, Completions completions)
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

        if (!IsReconnecting || IsClosing)
        {
            Volatile.Write(ref _lastEnd, end);
            EndReceivers(null, completions);
            if (link.WasUp && Settings.Reconnect != TimeSpan.Zero && !IsClosing)
            {
                Tell(EndpointState.Ended, end.Reason, 0);
            }
        }

        return false;
    }

    /// <summary>
    /// The peer is back. A raw link is opened by the thread that connects: the pump may have seen its end meanwhile, and taken the search
    /// for one that goes on.
    /// </summary>
    private void NoteFound(Link link, Completions completions)
    {
        bool seeksAgain;
        using (Gate.Hold())
        {
            _reconnector!.End();
            Tell(EndpointState.Connected, _lostPeer!.Reason, _reconnector.Attempts);
            seeksAgain = !Table.Has(link) && SeekOrEnd(link, link.End!, completions);
            Place(completions);
        }

        if (seeksAgain)
        {
            _ = Task.Run(() => _reconnector!.SeekAsync(Address));
        }
    }

    private void Tell(EndpointState state, CloseReason reason, int attempt) =>
        _changes.Add(new EndpointStateChange(state, reason, attempt));
}
