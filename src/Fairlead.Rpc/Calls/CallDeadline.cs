namespace Fairlead.Rpc.Calls;

/// <summary>The latest end of a call, in timestamps of the clock that cannot be set. 0: none.</summary>
internal static class CallDeadline
{
    /// <summary>No deadline.</summary>
    public const long None = 0;

    // A timestamp counts nanoseconds: a later deadline would exceed it.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    /// <summary>Returns the deadline that a point of time is.</summary>
    public static long Of(DateTimeOffset? time) => time is { } end ? After(end - TimeProvider.System.GetUtcNow()) : None;

    /// <summary>Returns the deadline that comes after a time.</summary>
    public static long After(TimeSpan? time) => time is { } span && span < Longest
        ? Math.Max(1, TimeProvider.System.GetTimestamp() + (long)(span.TotalSeconds * TimeProvider.System.TimestampFrequency))
        : None;

    /// <summary>Returns the earlier of two.</summary>
    public static long Earlier(long one, long other) => one == None || (other != None && other < one) ? other : one;

    /// <summary>Returns how much time is left; negative: none. Null: there is no deadline.</summary>
    public static TimeSpan? Left(long deadline) =>
        deadline == None ? null : TimeProvider.System.GetElapsedTime(TimeProvider.System.GetTimestamp(), deadline);
}
