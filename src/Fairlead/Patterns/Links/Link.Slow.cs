using Fairlead.Diagnostics;

namespace Fairlead.Patterns.Links;

/// <content>A peer for which messages wait is told of to those who listen to events.</content>
internal sealed partial class Link
{
    private static readonly TimeSpan SlowInterval = TimeSpan.FromSeconds(1);

    private ITimer? _slowTimer;
    private long _slowToldAt;
    private bool _isSlowToBeTold;

    /// <summary>A message has to wait for this peer. Told at most once a second, by a timer: no listener is called under a lock. Under <c>_sending</c>.</summary>
    private void NoteSlow()
    {
        if (_isSlowToBeTold || _state != LinkState.Up || !FairleadEventSource.Log.IsEnabled())
        {
            return;
        }

        _isSlowToBeTold = true;
        TimeSpan since = _slowToldAt == 0 ? SlowInterval : _time.GetElapsedTime(_slowToldAt);
        _slowTimer ??= _time.CreateTimer(static state => ((Link)state!).TellSlow(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _slowTimer.Change(since >= SlowInterval ? TimeSpan.Zero : SlowInterval - since, Timeout.InfiniteTimeSpan);
    }

    private void TellSlow()
    {
        int waiting;
        lock (_sending)
        {
            waiting = _queued.Count;
            _isSlowToBeTold = false;
            _slowToldAt = _time.GetTimestamp();
        }

        if (waiting > 0)
        {
            FairleadEventSource.Log.Slow(_endpoint.Address.Display, Peer.ToString(), waiting);
        }
    }
}
