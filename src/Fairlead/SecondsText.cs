using System.Globalization;

namespace Fairlead;

/// <summary>Writes durations into error texts, in the same way for every culture.</summary>
internal static class SecondsText
{
    /// <summary>Returns the seconds with at most three decimal places, such as <c>0.002 s</c>; <c>0 s</c> for null.</summary>
    public static string Of(TimeSpan? duration) => string.Create(CultureInfo.InvariantCulture, $"{duration?.TotalSeconds ?? 0:0.###} s");
}
