using Fairlead.Native;

namespace Fairlead.Synchronization.Waiting;

/// <content>An asynchronous caller waits without a thread.</content>
internal sealed partial class MutexCore
{
    // Of the base library's timers; beyond that it is as good as for ever.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(49);

    /// <summary>Stands in the line until it is this caller's turn, without a thread. Null: not in time.</summary>
    public async ValueTask<Stay?> EnterAsync(TimeSpan? timeout, CancellationToken token)
    {
        Deadline deadline = Deadline.After(timeout);
        EnterAttempt attempt = new(this, thread: 0);
        EnterTurn turn = new(attempt, token);
        try
        {
            if (TryAdvance(attempt, out Stay stay))
            {
                return stay;
            }

            if (deadline.Passed)
            {
                attempt.Abandon();
                return null;
            }

            TurnThread.Add(turn);
        }
        catch
        {
            attempt.Abandon();
            throw;
        }

        using CancellationTokenRegistration cancellation = token.UnsafeRegister(static turn => ((Turn)turn!).End(), turn);
        using ITimer? timer = deadline.Remaining < LongestTimer
            ? TimeProvider.System.CreateTimer(static turn => ((Turn)turn!).End(), turn, deadline.Remaining, Timeout.InfiniteTimeSpan)
            : null;
        return await turn.Task.ConfigureAwait(false);
    }

    // In a method of its own: no pointer lives across an await.
    private static unsafe bool TryAdvance(EnterAttempt attempt, out Stay stay) => attempt.TryAdvance(out _, out _, out stay);
}
