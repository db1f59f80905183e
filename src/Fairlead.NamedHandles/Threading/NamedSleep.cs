using Fairlead.Synchronization.Waiting;

namespace Fairlead.NamedHandles.Threading;

/// <summary>
/// The sleep of a thread that waits for named objects, and for handles of the platform at the same time. It sleeps in the platform's wait:
/// there the handles of the platform wake it, <see cref="System.Threading.Thread.Interrupt"/> does, and an event does that doorbells set.
/// </summary>
internal sealed class NamedSleep
{
    // Set by a late doorbell, too; the next wait then tries once more than it needs to.
    [ThreadStatic]
    private static System.Threading.AutoResetEvent? _rung;

    private readonly Taking[] _named;
    private readonly WaitHandle[] _handles;
    private readonly System.Threading.AutoResetEvent _event;

    /// <param name="named">The named objects.</param>
    /// <param name="others">The handles of the platform.</param>
    public NamedSleep(Taking[] named, ReadOnlySpan<WaitHandle> others)
    {
        _named = named;
        _event = OfThread;
        _handles = [.. others, _event];
    }

    private static System.Threading.AutoResetEvent OfThread => _rung ??= new System.Threading.AutoResetEvent(false);

    /// <summary>Sleeps until a handle of the platform is signalled, a named object may be had, or the time runs out.</summary>
    /// <param name="deadline">The latest time to wake.</param>
    /// <param name="ended"><see cref="KeeperWatch.Ended"/>, read before the named objects were tried.</param>
    /// <returns>The index of the handle of the platform that was taken; -1: try the named objects again.</returns>
    /// <exception cref="AbandonedMutexException">A mutex of the platform was abandoned; its index is that of the handle.</exception>
    public int On(Deadline deadline, int ended)
    {
        TimeSpan most = deadline.RemainingWait;
        foreach (Taking taking in _named)
        {
            taking.Arm(_event, ended);
            most = Shorter(most, taking.LongestSleep);
        }

        int index = WaitHandle.WaitAny(_handles, Milliseconds(most));
        foreach (Taking taking in _named)
        {
            taking.PassOn();
        }

        return index < _handles.Length - 1 ? index : -1;
    }

    /// <summary>Blocks until one named object is taken, or the time runs out.</summary>
    public static bool Take(Taking taking, Deadline deadline)
    {
        NamedSleep? sleep = null;
        while (true)
        {
            int ended = KeeperWatch.Ended;
            if (taking.TryAdvance())
            {
                return true;
            }

            if (deadline.Passed)
            {
                return false;
            }

            sleep ??= new NamedSleep([taking], []);
            _ = sleep.On(deadline, ended);
        }
    }

    /// <summary>Blocks for a time.</summary>
    public static void Pause(int milliseconds) => _ = OfThread.WaitOne(milliseconds);

    /// <summary>A remaining time as the platform's waits accept it; a part of a millisecond counts as a whole one.</summary>
    public static int Milliseconds(TimeSpan time) =>
        time == Timeout.InfiniteTimeSpan ? Timeout.Infinite : (int)Math.Min(int.MaxValue, Math.Ceiling(time.TotalMilliseconds));

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) =>
        one == Timeout.InfiniteTimeSpan ? other : other == Timeout.InfiniteTimeSpan || one < other ? one : other;
}
