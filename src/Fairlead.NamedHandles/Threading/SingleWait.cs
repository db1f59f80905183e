using Fairlead.Synchronization.Waiting;

namespace Fairlead.NamedHandles.Threading;

/// <summary>Waits for one named object: <c>WaitOne</c>.</summary>
internal static class SingleWait
{
    /// <summary>Blocks until the object is taken, or the time runs out.</summary>
    /// <param name="reference">The reference of the handle.</param>
    /// <param name="milliseconds">The longest time; -1: no limit.</param>
    /// <exception cref="AbandonedMutexException">It is taken, and its last owner ended without releasing it.</exception>
    public static bool On(ObjectReference reference, int milliseconds)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(milliseconds, Timeout.Infinite, "millisecondsTimeout");
        bool isAbandoned;
        using (ObjectReference.Call call = reference.Begin())
        {
            Trial trial = call.Target.TryTake();
            isAbandoned = trial is Trial.Abandoned;
            if (trial is not (Trial.Taken or Trial.Abandoned) && !Wait(call, milliseconds, out isAbandoned))
            {
                return false;
            }
        }

        return isAbandoned ? throw new AbandonedMutexException() : true;
    }

    /// <summary>Same, with a time.</summary>
    /// <inheritdoc cref="On(ObjectReference, int)"/>
    public static bool On(ObjectReference reference, TimeSpan timeout) =>
        On(reference, Milliseconds(timeout));

    /// <summary>Converts a time as the platform does.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative and not infinite, or longer than 24 days.</exception>
    public static int Milliseconds(TimeSpan timeout)
    {
        long milliseconds = (long)timeout.TotalMilliseconds;
        ArgumentOutOfRangeException.ThrowIfLessThan(milliseconds, Timeout.Infinite, nameof(timeout));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(milliseconds, int.MaxValue, nameof(timeout));
        return (int)milliseconds;
    }

    /// <summary>Returns the deadline after a time of the platform.</summary>
    public static Deadline After(int milliseconds) =>
        milliseconds == Timeout.Infinite ? Deadline.Infinite : Deadline.After(TimeSpan.FromMilliseconds(milliseconds));

    private static bool Wait(ObjectReference.Call call, int milliseconds, out bool isAbandoned)
    {
        Deadline deadline = After(milliseconds);
        using Taking taking = new(call.Again());
        bool isTaken = TryWhileDirect(taking, deadline) || (!deadline.Passed && NamedSleep.Take(taking, deadline));
        isAbandoned = taking.IsAbandoned;
        return isTaken;
    }

    private static bool TryWhileDirect(Taking taking, Deadline deadline)
    {
        Deadline direct = deadline.OrSooner(DirectSleep.Longest);
        using Sleep sleep = new(CancellationToken.None);
        while (true)
        {
            int ended = KeeperWatch.Ended;
            if (!direct.Passed)
            {
                taking.LookOn();
            }

            if (taking.TryAdvance())
            {
                return true;
            }

            if (direct.Passed)
            {
                return false;
            }

            taking.SleepOnWord(sleep, direct, ended);
        }
    }
}
