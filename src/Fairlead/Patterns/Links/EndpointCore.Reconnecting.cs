using Fairlead.Diagnostics;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>A connected endpoint that was asked to gets its peer back.</content>
internal sealed partial class EndpointCore
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _ending = new();
    private readonly Queue<EndpointStateChange> _changes = new();
    private volatile bool _isReconnecting;
    private bool _isTelling;
    private CloseReason _lostBecause;
    private int _attempt;

    /// <summary>Whether the peer is lost and being sought.</summary>
    public bool IsReconnecting => _isReconnecting;

    /// <summary>Whether somebody who has no peer waits for one: at a bound endpoint, and at one that seeks its peer again when it is lost.</summary>
    public bool AwaitsPeers => (IsBound && !(EndsWithPeer && LastEnd is not null)) || (Settings.Reconnect != TimeSpan.Zero && LastEnd is null);

    /// <summary>Whether a link that went down so is to be replaced. Under the gate.</summary>
    private bool IsToBeReplaced(Link link, LinkEnd end) =>
        !IsBound && Settings.Reconnect != TimeSpan.Zero && !_isClosing && (_isReconnecting || link.WasUp)
        && end.Reason is CloseReason.PeerDied or CloseReason.ClosedByPeer or CloseReason.Heartbeat;

    /// <summary>Tries again and again, each time after twice the pause, more or less: peers that were lost together shall not all come back in the same instant.</summary>
    private async Task ReconnectAsync(LinkEnd lost)
    {
        int at = Array.IndexOf(_addresses, Address);
        Deadline deadline = Deadline.After(Settings.Reconnect, Settings.Time);
        TimeSpan pause = ShortestPause;
        while (true)
        {
            int attempt = Interlocked.Increment(ref _attempt);
            bool isHopeless = true;
            for (int i = 0; i < _addresses.Length; i++)
            {
                // Behind the one that was lost; with one address, the same again.
                at = (at + 1) % _addresses.Length;
                Address address = _addresses[at];
                try
                {
                    Connection connection = await BuiltInTransports.Find(address).ConnectAsync(address, Settings, _ending.Token).ConfigureAwait(false);
                    Volatile.Write(ref _address, address);
                    await OpenAsync(connection, _ending.Token).ConfigureAwait(false);
                    if (_addresses.Length > 1)
                    {
                        _entry.MoveTo(address.ToString());
                    }

                    return;
                }
                catch (FairleadException exception)
                {
                    isHopeless &= exception.Code is ErrorCode.Incompatible or ErrorCode.PermissionDenied;
                    FairleadEventSource.Log.Reconnecting(address.Display, attempt, exception.WhatHappened);
                }
                catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
                {
                    // The endpoint closes; its tear-down ends who waits.
                    return;
                }
            }

            if (isHopeless || deadline.Passed)
            {
                GiveUp(lost, attempt);
                return;
            }

            TimeSpan rest = deadline.Remaining;
            TimeSpan jittered = pause * (0.5 + Random.Shared.NextDouble());
            try
            {
                await Task.Delay(jittered < rest ? jittered : rest, Settings.Time, _ending.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            pause = 2 * pause < LongestPause ? 2 * pause : LongestPause;
        }
    }

    private void GiveUp(LinkEnd lost, int attempt)
    {
        Completions completions = Completions.Rent();
        using (_gate.Hold())
        {
            _isReconnecting = false;
            Volatile.Write(ref _lastEnd, lost);
            EndReceivers(null, completions);
            Place(completions);
            Tell(EndpointState.Ended, lost.Reason, attempt);
        }

        completions.Run(inline: false);
    }

    /// <summary>The peer is back.</summary>
    private void NoteConnected()
    {
        if (!_isReconnecting)
        {
            return;
        }

        using (_gate.Hold())
        {
            _isReconnecting = false;
            Tell(EndpointState.Connected, _lostBecause, Volatile.Read(ref _attempt));
        }
    }

    /// <summary>Queued where it happens and told one after the other on the pool, so that the order is that of the events. Under the gate.</summary>
    private void Tell(EndpointState state, CloseReason reason, int attempt)
    {
        if (state == EndpointState.Reconnecting)
        {
            _lostBecause = reason;
            Volatile.Write(ref _attempt, 0);
        }

        _changes.Enqueue(new EndpointStateChange(state, reason, attempt));
        if (!_isTelling)
        {
            _isTelling = true;
            ThreadPool.UnsafeQueueUserWorkItem(static core => core.TellAll(), this, preferLocal: false);
        }
    }

    private void TellAll()
    {
        while (true)
        {
            EndpointStateChange? change;
            using (_gate.Hold())
            {
                if (!_changes.TryDequeue(out change))
                {
                    _isTelling = false;
                    return;
                }
            }

            try
            {
                _owner.OnStateChanged(change);
            }
            catch (Exception exception)
            {
                // A handler is told of what happened, and has no part in it: what it throws ends neither the process nor what is told next.
                FairleadEventSource.Log.HandlerFailed(Address.Display, exception.ToString());
            }
        }
    }
}
