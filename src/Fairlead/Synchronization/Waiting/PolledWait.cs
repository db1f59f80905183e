namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// Waits for a lock that the kernel or another program manages, and that wakes no waiter of Fairlead: tries again after a pause, which
/// grows from 1 ms to 20 ms.
/// </summary>
internal static class PolledWait
{
    /// <summary>The longest time between two attempts, hence the longest delay until a cancellation is noticed.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(1);

    /// <summary>Blocks until an attempt succeeds; false if the time is over.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static bool Wait(Func<bool> attempt, Deadline deadline, CancellationToken cancellationToken)
    {
        TimeSpan pause = FirstPause;
        while (!attempt())
        {
            if (deadline.Passed)
            {
                return false;
            }

            _ = cancellationToken.WaitHandle.WaitOne(Shorter(pause, deadline.Remaining));
            cancellationToken.ThrowIfCancellationRequested();
            pause = Shorter(pause * 2, LongestPause);
        }

        return true;
    }

    /// <summary>Waits without a thread until an attempt succeeds; false if the time is over.</summary>
    /// <inheritdoc cref="Wait" path="/exception"/>
    public static async ValueTask<bool> WaitAsync(Func<bool> attempt, Deadline deadline, CancellationToken cancellationToken)
    {
        TimeSpan pause = FirstPause;
        while (!attempt())
        {
            if (deadline.Passed)
            {
                return false;
            }

            await Task.Delay(Shorter(pause, deadline.Remaining), TimeProvider.System, cancellationToken).ConfigureAwait(false);
            pause = Shorter(pause * 2, LongestPause);
        }

        return true;
    }

    /// <summary>Returns the shorter time.</summary>
    public static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
