using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Fairlead.Cli.Input;

/// <summary>Durations in the form of address options: <c>200ms</c>, <c>1.5s</c>, <c>2m</c>, <c>infinite</c>.</summary>
internal static class DurationText
{
    public const string Allowed = "write a number with us, ms, s, m, h or d, such as 5s or 200ms, or infinite";

    /// <summary>Longer than any user waits. Two of them are short enough for every timer.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(24);

    private static readonly (string Suffix, long Ticks)[] Units =
    [
        ("ms", TimeSpan.TicksPerMillisecond), ("us", TimeSpan.TicksPerMicrosecond), ("s", TimeSpan.TicksPerSecond),
        ("m", TimeSpan.TicksPerMinute), ("h", TimeSpan.TicksPerHour), ("d", TimeSpan.TicksPerDay),
    ];

    /// <summary>Parses a duration; <see cref="Timeout.InfiniteTimeSpan"/> for <c>infinite</c>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out TimeSpan duration)
    {
        duration = text == "infinite" ? Timeout.InfiniteTimeSpan : TimeSpan.Zero;
        if (text is "0" or "infinite")
        {
            return true;
        }

        foreach (var (suffix, ticks) in Units)
        {
            if (text?.EndsWith(suffix, StringComparison.Ordinal) == true
                && decimal.TryParse(
                    text.AsSpan(0, text.Length - suffix.Length),
                    NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture,
                    out var count)
                && count <= TimeSpan.MaxValue.Ticks / ticks)
            {
                duration = new TimeSpan((long)(count * ticks));
                return true;
            }
        }

        return false;
    }

    /// <summary>Formats a duration for messages: <c>1 s</c>, <c>200 ms</c>.</summary>
    public static string Describe(TimeSpan duration) => duration < TimeSpan.FromSeconds(1)
        ? string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:0.###} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.###} s");
}
