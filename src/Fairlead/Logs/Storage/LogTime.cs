namespace Fairlead.Logs.Storage;

/// <summary>Times in records: nanoseconds since 1970-01-01 UTC.</summary>
internal static class LogTime
{
    public static long From(DateTimeOffset time) => (time.UtcTicks - DateTime.UnixEpoch.Ticks) * TimeSpan.NanosecondsPerTick;

    public static DateTimeOffset ToTime(long nanoseconds) =>
        new(DateTime.UnixEpoch.Ticks + (nanoseconds / TimeSpan.NanosecondsPerTick), TimeSpan.Zero);
}
