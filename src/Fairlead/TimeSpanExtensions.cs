namespace Fairlead.Time;

/// <summary>Durations that read as they are said: <c>1.Seconds()</c>.</summary>
public static class TimeSpanExtensions
{
    /// <summary>That many seconds.</summary>
    public static TimeSpan Seconds(this int count) => TimeSpan.FromSeconds((long)count);

    /// <summary>That many milliseconds.</summary>
    public static TimeSpan Milliseconds(this int count) => new(count * TimeSpan.TicksPerMillisecond);
}
