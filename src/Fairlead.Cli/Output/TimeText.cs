using System.Globalization;

namespace Fairlead.Cli.Output;

/// <summary>Formats times for people.</summary>
internal static class TimeText
{
    /// <summary>Returns the time, with the date if that is not today.</summary>
    public static string Since(DateTimeOffset since)
    {
        var local = since.ToLocalTime();
        var isToday = local.Date == TimeProvider.System.GetLocalNow().Date;
        return local.ToString(isToday ? "HH:mm:ss" : "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
    }
}
