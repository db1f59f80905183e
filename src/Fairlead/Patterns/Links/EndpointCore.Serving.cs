using System.Runtime.CompilerServices;

namespace Fairlead.Patterns.Links;

/// <content>What has time: acknowledging, accepting, while the user is away.</content>
internal sealed partial class EndpointCore
{
    /// <summary>How long a bound endpoint whose user waits in turns is left alone before the reactor serves it: accepts, answers pings, acknowledges.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(20);

    private ITimer? _slowTimer;
    private bool _isSlowDue;
    private bool _isSlowRunning;

    /// <summary>
    /// Something is to be done that has time: acknowledging, accepting. This lies on the way of every call, and setting a timer wakes a thread: so the timer runs on by itself while there
    /// is something to do, and stops after one round in which there was not. By the system's clock: a user's own clock rules his timeouts, and while that stands a peer is answered all the same.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ServeLater()
    {
        if (!Volatile.Read(ref _isSlowDue))
        {
            SetSlowTimer();
        }
    }

    private void SetSlowTimer()
    {
        using (_gate.Hold())
        {
            if (_isClosed)
            {
                return;
            }

            _isSlowDue = true;
            if (!_isSlowRunning)
            {
                _isSlowRunning = true;
                _slowTimer ??= TimeProvider.System.CreateTimer(static state => ((EndpointCore)state!).OnSlowTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _slowTimer.Change(Slow, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void OnSlowTimer()
    {
        using (_gate.Hold())
        {
            _isSlowRunning = _isSlowDue && !_isClosed;
            if (!_isSlowRunning)
            {
                return;
            }

            Volatile.Write(ref _isSlowDue, false);
            _slowTimer!.Change(Slow, Timeout.InfiniteTimeSpan);
        }

        ResumeAccepting();
        foreach (Link link in _linkCache)
        {
            link.Acknowledge();
        }

        using (_gate.Hold())
        {
            if (IsPulling())
            {
                // He may have taken his last one, and be away by the next time.
                Volatile.Write(ref _isSlowDue, true);
            }
            else if (!_isPumping && !_isClosed)
            {
                Arm();
            }
        }
    }
}
