using System.Diagnostics;

namespace Fairlead.Native;

/// <summary>The remaining time of a kernel wait across interruptions. It uses the kernel's clock, hence no TimeProvider.</summary>
internal readonly struct WaitTime
{
    private readonly TimeSpan _timeout;
    private readonly long _start;

    /// <param name="timeout"><see cref="Timeout.InfiniteTimeSpan"/>: no limit; other negative times have passed.</param>
    public WaitTime(TimeSpan timeout)
    {
        IsInfinite = timeout == Timeout.InfiniteTimeSpan;
        _timeout = timeout < TimeSpan.Zero ? TimeSpan.Zero : timeout;
        _start = IsInfinite || _timeout == TimeSpan.Zero ? 0 : Stopwatch.GetTimestamp();
    }

    public bool IsInfinite { get; }

    /// <summary>The whole time, for the first call.</summary>
    public TimeSpan Whole => _timeout;

    /// <summary>The time that is left, never negative. Not for infinite ones.</summary>
    public TimeSpan Rest
    {
        get
        {
            if (_timeout == TimeSpan.Zero)
            {
                return TimeSpan.Zero;
            }

            var rest = _timeout - Stopwatch.GetElapsedTime(_start);
            return rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
        }
    }

    /// <summary>Rounds up, since a wait must not end early, and caps at the kernel's limit.</summary>
    public static int Milliseconds(TimeSpan time)
    {
        var milliseconds = time.Ticks / TimeSpan.TicksPerMillisecond + (time.Ticks % TimeSpan.TicksPerMillisecond > 0 ? 1 : 0);
        return (int)Math.Min(milliseconds, int.MaxValue);
    }
}
