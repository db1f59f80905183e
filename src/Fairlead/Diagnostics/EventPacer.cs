namespace Fairlead.Diagnostics;

/// <summary>
/// Has something told at most once a second: the first time at once, later ones when the second is over. By a timer, so that no listener is
/// called by whoever notes it, who may hold locks. Any thread.
/// </summary>
internal sealed class EventPacer(TimeProvider time, Action tell) : IAlarmed, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly RankedLock _gate = new(LockRank.EventPacer);
    private ITimer? _timer;
    private long _toldAt;
    private bool _isDue;
    private bool _hasEnded;

    /// <summary>There is something to tell.</summary>
    public void Note()
    {
        using (_gate.Hold())
        {
            if (_isDue || _hasEnded)
            {
                return;
            }

            _isDue = true;
            TimeSpan since = _toldAt == 0 ? Interval : time.GetElapsedTime(_toldAt);
            _timer ??= Alarm.Create(time, this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(since >= Interval ? TimeSpan.Zero : Interval - since, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Nothing is told any more; what was noted and not told is the caller's.</summary>
    public void Dispose()
    {
        using (_gate.Hold())
        {
            _hasEnded = true;
            _timer?.Dispose();
        }
    }

    void IAlarmed.OnAlarm()
    {
        using (_gate.Hold())
        {
            if (_hasEnded)
            {
                return;
            }

            _isDue = false;
            _toldAt = time.GetTimestamp();
        }

        tell();
    }
}
