namespace Fairlead.Native;

/// <summary>The time of day, for callers that need speed rather than milliseconds of precision.</summary>
internal static unsafe class Clock
{
    /// <summary>Returns the nanoseconds since 1970, with the precision of a kernel tick (some milliseconds).</summary>
    public static long Nanoseconds()
    {
        Libc.TimeSpec time;
        _ = Libc.ClockTime(Libc.CLOCK_REALTIME_COARSE, &time);
        return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
    }
}
