namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// An attempt to get something in shared memory. It advances without waiting where it can, and otherwise names the word to sleep on. One
/// thread at a time drives it. It ends by success or by <see cref="Abandon"/>, and keeps a reference to its memory until then.
/// </summary>
internal abstract class LockAttempt
{
    // The limit of the base library's timers; longer than that counts as infinite.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(49);

    /// <summary>Advances without waiting, where it can.</summary>
    /// <param name="word">If false: the word to sleep on.</param>
    /// <param name="value">The value of the word to sleep on.</param>
    /// <returns>Whether the attempt has succeeded and is over.</returns>
    public abstract unsafe bool TryAdvance(out int* word, out int value);

    /// <summary>Spins for a moment before the caller's thread sleeps, where the lock changes hands quickly.</summary>
    public virtual void LookOn()
    {
    }

    /// <summary>Passes a wake-up on, after a sleep, to other waiters that need it.</summary>
    public virtual unsafe void PassOn(int* word)
    {
    }

    /// <summary>Gives up. Leaves nothing in shared memory that other waiters would wait for.</summary>
    public abstract void Abandon();

    /// <summary>Waits on the calling thread. Blocks.</summary>
    /// <returns>False if the time ran out; the attempt is abandoned.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled; the attempt is abandoned.</exception>
    public bool Wait(Deadline deadline, CancellationToken cancellationToken)
    {
        bool isGot = WaitOrAbandon(deadline, cancellationToken);
        if (!isGot)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        return isGot;
    }

    /// <summary>The longest sleep before checking again; infinite if the end of each owner wakes the sleeper.</summary>
    /// <remarks>
    /// No process can watch one in another pid namespace. If that one ends, the kernel marks its words, but wakes no sleeper on another
    /// word.
    /// </remarks>
    public virtual TimeSpan LongestSleep => Timeout.InfiniteTimeSpan;

    /// <summary>Waits without blocking a thread.</summary>
    /// <returns>False if the time ran out; the attempt is abandoned.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled; the attempt is abandoned.</exception>
    public async ValueTask<bool> WaitAsync(Deadline deadline, CancellationToken cancellationToken)
    {
        AttemptTurn turn = new(this, cancellationToken);
        try
        {
            if (TryAdvance())
            {
                return true;
            }

            if (deadline.Passed)
            {
                Abandon();
                return false;
            }

            TurnThreads.Shared.Add(turn);
        }
        catch
        {
            Abandon();
            throw;
        }

        using CancellationTokenRegistration cancellation = cancellationToken.UnsafeRegister(static turn => ((Turn)turn!).End(), turn);
        using ITimer? checks = LongestSleep != Timeout.InfiniteTimeSpan
            ? Alarm.Create(TimeProvider.System, new Recheck(turn), LongestSleep, LongestSleep)
            : null;
        using ITimer? timer = deadline.Remaining < LongestTimer
            ? Alarm.Create(TimeProvider.System, turn, deadline.Remaining, Timeout.InfiniteTimeSpan)
            : null;
        return await turn.Task.ConfigureAwait(false);
    }

    private unsafe bool WaitOrAbandon(Deadline deadline, CancellationToken cancellationToken)
    {
        try
        {
            using Sleep sleep = new(cancellationToken);
            while (true)
            {
                int ended = KeeperWatch.Ended;
                if (!deadline.Passed)
                {
                    LookOn();
                }

                if (TryAdvance(out int* word, out int value))
                {
                    return true;
                }

                if (deadline.Passed || cancellationToken.IsCancellationRequested)
                {
                    Abandon();
                    return false;
                }

                sleep.On(word, value, deadline, ended, LongestSleep);
                PassOn(word);
            }
        }
        catch
        {
            Abandon();
            throw;
        }
    }

    /// <summary>Lets a waiter check again from time to time.</summary>
    private sealed class Recheck(Turn turn) : IAlarmed
    {
        public void OnAlarm() => turn.CheckAgain();
    }

    // A separate method: no pointer lives across an await.
    private unsafe bool TryAdvance() => TryAdvance(out _, out _);
}
