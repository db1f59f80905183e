using Fairlead.Native;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// One who wants something that lies in shared memory: goes on as far as is possible without waiting, and says what to sleep on. Driven by
/// one thread at a time, and ended by getting it or by <see cref="Abandon"/>. Keeps its memory until then.
/// </summary>
internal abstract class LockAttempt
{
    // Of the base library's timers; beyond that it is as good as for ever.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(49);

    /// <summary>Goes on as far as is possible without waiting.</summary>
    /// <param name="word">Else: what to sleep on.</param>
    /// <param name="value">As long as it has this value.</param>
    /// <returns>Whether it has been got, and this is over.</returns>
    public abstract unsafe bool TryAdvance(out int* word, out int value);

    /// <summary>Before a thread of one's own sleeps: looks for a moment, where what is wanted changes hands quickly.</summary>
    public virtual void LookOn()
    {
    }

    /// <summary>After a sleep: passes the wake-up on to those who need it too.</summary>
    public virtual unsafe void PassOn(int* word)
    {
    }

    /// <summary>Gives it up. Nothing of it is left in shared memory afterwards that others would wait for.</summary>
    public abstract void Abandon();

    /// <summary>Waits in the calling thread. Blocks.</summary>
    /// <returns>False: not in time, and it has been abandoned.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled, and it has been abandoned.</exception>
    public bool Wait(Deadline deadline, CancellationToken cancellationToken)
    {
        bool isGot = WaitOrAbandon(deadline, cancellationToken);
        if (!isGot)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        return isGot;
    }

    /// <summary>Waits without a thread.</summary>
    /// <returns>False: not in time, and it has been abandoned.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled, and it has been abandoned.</exception>
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

                sleep.On(word, value, deadline, ended);
                PassOn(word);
            }
        }
        catch
        {
            Abandon();
            throw;
        }
    }

    // In a method of its own: no pointer lives across an await.
    private unsafe bool TryAdvance() => TryAdvance(out _, out _);
}
