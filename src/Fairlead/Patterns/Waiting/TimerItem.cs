namespace Fairlead.Patterns.Waiting;

/// <summary>A one-time or periodic timer in a set.</summary>
/// <remarks>With the system clock, the wait in the kernel ends when the timer is due. With another clock, a timer of that clock wakes the
/// set.</remarks>
internal class TimerItem : WaitItem, IAlarmed
{
    private readonly TimeProvider _time;
    private readonly ITimer? _alarm;
    private readonly long _period;
    private long _due;

    /// <summary>Creates and arms the timer. <see cref="WaitItem.Detach"/> releases it.</summary>
    public TimerItem(WaitCore set, ulong token, TimeSpan due, TimeSpan? period, TimeProvider time)
        : base(set, token)
    {
        _time = time;
        _period = period is { } span ? Math.Max(1, Ticks(span)) : 0;
        long now = time.GetTimestamp();
        _due = Ticks(due) > long.MaxValue - now ? long.MaxValue : now + Ticks(due);
        if (time != TimeProvider.System)
        {
            // A time beyond the timer's limit makes it tick early; the set then finds nothing to report.
            TimeSpan again = Deadline.ForTimer(due) < due ? due : Timeout.InfiniteTimeSpan;
            _alarm = Alarm.Create(time, this, Deadline.ForTimer(due), Deadline.ForTimer(period ?? again));
        }
    }

    public override object? Source => null;

    /// <summary>How long the kernel may wait before this timer is due.</summary>
    public TimeSpan Rest
    {
        get
        {
            if (_alarm is not null || _due == long.MaxValue)
            {
                return Timeout.InfiniteTimeSpan;
            }

            long now = _time.GetTimestamp();
            return now >= _due ? TimeSpan.Zero : _time.GetElapsedTime(now, _due);
        }
    }

    void IAlarmed.OnAlarm() => Set.Recheck();

    public override Readiness Take(out int count)
    {
        count = 0;
        long now = _time.GetTimestamp();
        if (now < _due || IsDetached)
        {
            return Readiness.None;
        }

        if (_period == 0)
        {
            count = 1;
            Detach();
            return Readiness.Elapsed;
        }

        // Keep the period: missed times are counted and do not shift the next one.
        long beats = ((now - _due) / _period) + 1;
        _due += beats * _period;
        count = (int)Math.Min(beats, int.MaxValue);
        return Readiness.Elapsed;
    }

    /// <summary>Lets a period begin now. Called by the waiting thread.</summary>
    protected void Restart()
    {
        long now = _time.GetTimestamp();
        _due = _period > long.MaxValue - now ? long.MaxValue : now + _period;
        if (_alarm is not null && !IsDetached)
        {
            TimeSpan period = Deadline.ForTimer(_time.GetElapsedTime(now, _due));
            _alarm.Change(period, period);
        }
    }

    protected override void Release() => _alarm?.Dispose();

    private long Ticks(TimeSpan span)
    {
        double ticks = span.Ticks * ((double)_time.TimestampFrequency / TimeSpan.TicksPerSecond);
        return ticks >= long.MaxValue ? long.MaxValue : (long)Math.Ceiling(ticks);
    }
}
