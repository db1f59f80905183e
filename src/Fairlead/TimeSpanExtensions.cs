namespace Fairlead.Time;

/// <summary>Creates durations that read like speech: <c>1.Seconds()</c>.</summary>
public static class TimeSpanExtensions
{
    /// <summary>Returns a duration of this many seconds.</summary>
    public static TimeSpan Seconds(this int count) => TimeSpan.FromSeconds((long)count);

    /// <summary>Returns a duration of this many milliseconds.</summary>
    public static TimeSpan Milliseconds(this int count) => new(count * TimeSpan.TicksPerMillisecond);
}
