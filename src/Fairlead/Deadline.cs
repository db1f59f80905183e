using System.Runtime.CompilerServices;

namespace Fairlead;

/// <summary>
/// A moment by which something must be done. Made once where a call begins, and handed down, so that every wait below shares it.
/// </summary>
internal readonly struct Deadline
{
    // Timers and tasks of the base library take no longer time: some 49 days.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private static readonly TimeSpan EarliestTick = TimeSpan.FromSeconds(1);

    // A null clock is the deadline that never passes, so that default(Deadline) is harmless.
    private readonly TimeProvider? _clock;
    private readonly long _end;

    private Deadline(TimeProvider clock, long end)
    {
        _clock = clock;
        _end = end;
    }

    /// <summary>The deadline that never passes.</summary>
    public static Deadline Infinite => default;

    /// <summary>Whether it never passes.</summary>
    public bool IsInfinite => _clock is null;

    /// <summary>Whether it is over.</summary>
    public bool Passed => _clock is not null && _clock.GetTimestamp() >= _end;

    /// <summary>What is left: never negative, <see cref="TimeSpan.MaxValue"/> when infinite.</summary>
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

    /// <summary>What is left, in the form that waits take: <see cref="Timeout.InfiniteTimeSpan"/> when infinite.</summary>
    public TimeSpan RemainingWait => _clock is null ? Timeout.InfiniteTimeSpan : Remaining;

    /// <summary>The clock if it is not the system's, else null. No sleep in the kernel ends by it: a timer wakes the thread.</summary>
    public TimeProvider? OwnClock => _clock == TimeProvider.System ? null : _clock;

    /// <summary>How long a thread may sleep in the kernel: without end where a timer of <see cref="OwnClock"/> wakes it.</summary>
    public TimeSpan RemainingSleep => OwnClock is null ? RemainingWait : Timeout.InfiniteTimeSpan;

    /// <summary>
    /// What is left, in the form that timers take, which know nothing longer than 49 days: a tick that comes before the end is to arm the
    /// timer again.
    /// </summary>
    public TimeSpan RemainingTimer => _clock is null ? Timeout.InfiniteTimeSpan : ForTimer(Remaining);

    /// <summary>
    /// A time as far as a timer of the base library takes it. One that is as good as infinite stays below what it would throw at.
    /// </summary>
    public static TimeSpan ForTimer(TimeSpan span) => span > LongestTimer ? LongestTimer : span;

    /// <summary>
    /// Whether a timer that has ticked with so much left is to be armed again: it was given less than all. A timer may tick a little early
    /// by another clock.
    /// </summary>
    public static bool IsTimerEarly(TimeSpan rest) => rest > EarliestTick;

    /// <summary>The same where nobody arms again: beyond 49 days a task is waited for without end.</summary>
    public static TimeSpan ForTask(TimeSpan span) => span > LongestTimer ? Timeout.InfiniteTimeSpan : span;

    /// <summary>Refuses a time-out that none can be. At the public edge, before anything is taken.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is negative and not infinite.</exception>
    public static void Check(TimeSpan? timeout, [CallerArgumentExpression(nameof(timeout))] string name = "timeout")
    {
        if (timeout is { } span && span < TimeSpan.Zero && span != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(name, span, "A time-out is zero, positive, or Timeout.InfiniteTimeSpan.");
        }
    }

    /// <summary>A deadline that far from now; null and <see cref="Timeout.InfiniteTimeSpan"/> never pass, zero has passed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is negative and not infinite.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Deadline After(TimeSpan? timeout, TimeProvider clock) =>
        timeout is { } span && span != Timeout.InfiniteTimeSpan ? After(span, clock) : Infinite;

    private static Deadline After(TimeSpan span, TimeProvider clock)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(span, TimeSpan.Zero, "timeout");

        // Centuries ahead the timestamp would overflow: that is as good as never.
        var ticks = span.Ticks * ((double)clock.TimestampFrequency / TimeSpan.TicksPerSecond);
        var now = clock.GetTimestamp();
        return ticks >= long.MaxValue - now ? Infinite : new Deadline(clock, now + (long)Math.Ceiling(ticks));
    }

    /// <summary>The same by the system's clock.</summary>
    public static Deadline After(TimeSpan? timeout) => After(timeout, TimeProvider.System);

    /// <summary>So long before this one.</summary>
    public Deadline Before(TimeSpan span) =>
        _clock is null
            ? this
            : new Deadline(_clock, _end - (long)(span.Ticks * ((double)_clock.TimestampFrequency / TimeSpan.TicksPerSecond)));

    /// <summary>The earlier of two.</summary>
    public Deadline OrSooner(TimeSpan? timeout)
    {
        var other = After(timeout, _clock ?? TimeProvider.System);
        return other.Remaining < Remaining ? other : this;
    }
}
