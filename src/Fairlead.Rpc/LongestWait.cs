namespace Fairlead.Rpc;

/// <summary>The longest time that the tasks and timers of the base library accept. They throw beyond it.</summary>
internal static class LongestWait
{
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    /// <summary>Returns a time for a task or a timer: beyond some 49 days it waits without limit.</summary>
    public static TimeSpan Within(TimeSpan time) => time <= Longest ? time : Timeout.InfiniteTimeSpan;

    /// <summary>Returns a time for a task or a timer, which waits without limit if there is none.</summary>
    public static TimeSpan Within(TimeSpan? time) => time is { } limit ? Within(limit) : Timeout.InfiniteTimeSpan;
}
