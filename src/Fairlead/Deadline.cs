using System.Runtime.CompilerServices;

namespace Fairlead;

/// <summary>The time by which a call must end. Created once where the call begins, and shared by every wait below it.</summary>
internal readonly struct Deadline
{
    // Timers and tasks of the base library accept at most about 49 days.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private static readonly TimeSpan EarliestTick = TimeSpan.FromSeconds(1);

    // A null clock is the deadline that never passes, which makes default(Deadline) harmless.
    private readonly TimeProvider? _clock;
    private readonly long _end;

    private Deadline(TimeProvider clock, long end)
    {
        _clock = clock;
        _end = end;
    }

    /// <summary>The deadline that never passes.</summary>
    public static Deadline Infinite => default;

    /// <summary>Whether this deadline never passes.</summary>
    public bool IsInfinite => _clock is null;

    /// <summary>Whether this deadline has passed.</summary>
    public bool Passed => _clock is not null && _clock.GetTimestamp() >= _end;

    /// <summary>The remaining time: never negative, <see cref="TimeSpan.MaxValue"/> when infinite.</summary>
    public TimeSpan Remaining
    {
        get
        {
            if (_clock is null)
            {
                return TimeSpan.MaxValue;
            }

            var now = _clock.GetTimestamp();
            return now >= _end ? TimeSpan.Zero : _clock.GetElapsedTime(now, _end);
        }
    }

    /// <summary>The remaining time in the form that waits accept: <see cref="Timeout.InfiniteTimeSpan"/> when infinite.</summary>
    public TimeSpan RemainingWait => _clock is null ? Timeout.InfiniteTimeSpan : Remaining;

    /// <summary>The clock, or null for the system clock. It does not end a sleep in the kernel: a timer wakes the thread.</summary>
    public TimeProvider? OwnClock => _clock == TimeProvider.System ? null : _clock;

    /// <summary>How long a thread may sleep in the kernel: without limit where a timer of <see cref="OwnClock"/> wakes it.</summary>
    public TimeSpan RemainingSleep => OwnClock is null ? RemainingWait : Timeout.InfiniteTimeSpan;

    /// <summary>The remaining time in the form that timers accept, at most about 49 days.</summary>
    /// <remarks>If the timer ticks before the deadline, its owner must arm it again.</remarks>
    public TimeSpan RemainingTimer => _clock is null ? Timeout.InfiniteTimeSpan : ForTimer(Remaining);

    /// <summary>Limits a time to what timers of the base library accept without throwing.</summary>
    public static TimeSpan ForTimer(TimeSpan span) => span > LongestTimer ? LongestTimer : span;

    /// <summary>Returns whether a timer that ticked with so much time left must be armed again, because its time was limited.</summary>
    /// <remarks>By another clock, a timer may tick slightly early; that does not count.</remarks>
    public static bool IsTimerEarly(TimeSpan rest) => rest > EarliestTick;

    /// <summary>Limits a time where nothing can arm again: beyond 49 days a task waits without limit.</summary>
    public static TimeSpan ForTask(TimeSpan span) => span > LongestTimer ? Timeout.InfiniteTimeSpan : span;

    /// <summary>Throws for an invalid timeout. Called by public methods before they do anything.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is negative and not infinite.</exception>
    public static void Check(TimeSpan? timeout, [CallerArgumentExpression(nameof(timeout))] string name = "timeout")
    {
        if (timeout is { } span && span < TimeSpan.Zero && span != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(name, span, "A timeout is zero, positive, or Timeout.InfiniteTimeSpan.");
        }
    }

    /// <summary>Returns the deadline after a time; null and <see cref="Timeout.InfiniteTimeSpan"/> never pass, zero has passed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is negative and not infinite.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Deadline After(TimeSpan? timeout, TimeProvider clock) =>
        timeout is { } span && span != Timeout.InfiniteTimeSpan ? After(span, clock) : Infinite;

    private static Deadline After(TimeSpan span, TimeProvider clock)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(span, TimeSpan.Zero, "timeout");

        // The timestamp would overflow centuries ahead; treat that as infinite.
        var ticks = span.Ticks * ((double)clock.TimestampFrequency / TimeSpan.TicksPerSecond);
        var now = clock.GetTimestamp();
        return ticks >= long.MaxValue - now ? Infinite : new Deadline(clock, now + (long)Math.Ceiling(ticks));
    }

    /// <summary>Returns the deadline after a time by the system clock.</summary>
    public static Deadline After(TimeSpan? timeout) => After(timeout, TimeProvider.System);

    /// <summary>Returns the deadline that lies this much before this one.</summary>
    public Deadline Before(TimeSpan span) =>
        _clock is null
            ? this
            : new Deadline(_clock, _end - (long)(span.Ticks * ((double)_clock.TimestampFrequency / TimeSpan.TicksPerSecond)));

    /// <summary>Returns the earlier of this deadline and a timeout from now.</summary>
    public Deadline OrSooner(TimeSpan? timeout)
    {
        var other = After(timeout, _clock ?? TimeProvider.System);
        return other.Remaining < Remaining ? other : this;
    }
}
