namespace Fairlead.Native;

/// <summary>The time of day where a few milliseconds do not matter and nanoseconds of work do.</summary>
internal static unsafe class Clock
{
    /// <summary>Since 1970, exact to a tick of the kernel (some milliseconds).</summary>
    public static long Nanoseconds()
    {
        Libc.TimeSpec time;
        _ = Libc.ClockTime(Libc.CLOCK_REALTIME_COARSE, &time);
        return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
    }
}
