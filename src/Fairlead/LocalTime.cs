using System.Globalization;

namespace Fairlead;

/// <summary>Formats times for people.</summary>
internal static class LocalTime
{
    /// <summary>Returns the time of day, with the date if that is not today.</summary>
    public static string Format(DateTimeOffset moment)
    {
        var local = moment.ToLocalTime();
        var today = TimeProvider.System.GetLocalNow().Date == local.Date;
        return local.ToString(today ? "HH:mm:ss" : "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
    }
}
