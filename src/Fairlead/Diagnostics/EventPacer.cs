namespace Fairlead.Diagnostics;

/// <summary>
/// Reports something at most once a second: the first time immediately, later ones at the end of the second. A timer calls the listeners,
/// because the noting thread may hold locks. Any thread may use it.
/// </summary>
internal sealed class EventPacer(TimeProvider time, Action tell) : IAlarmed, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly RankedLock _gate = new(LockRank.EventPacer);
    private ITimer? _timer;
    private long _toldAt;
    private bool _isDue;
    private bool _hasEnded;

    /// <summary>Notes that there is something to report.</summary>
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

    /// <summary>Ends reporting; the caller handles what was noted and not reported.</summary>
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
