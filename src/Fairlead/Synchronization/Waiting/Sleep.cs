using Fairlead.Native.Waiting;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// The sleep of a thread on words of shared memory, until a deadline, the cancellation of a token, or the end of a watched process.
/// </summary>
internal sealed unsafe class Sleep : IDisposable
{
    private static readonly RankedLock Gate = new(LockRank.Sleep);
    private static readonly HashSet<Sleep> All = [];

    private readonly CancellationToken _token;
    private readonly CancellationTokenRegistration _registration;
    private int* _word;

    // Odd while the thread sleeps or is about to.
    private int _turns;

    public Sleep(CancellationToken cancellationToken)
    {
        _token = cancellationToken;
        using (Gate.Hold())
        {
            All.Add(this);
        }

        _registration = cancellationToken.CanBeCanceled
            ? cancellationToken.UnsafeRegister(static state => ((Sleep)state!).Wake(), this)
            : default;
    }

    /// <summary>Sleeps while the word has the value. Spurious wake-ups are possible.</summary>
    /// <param name="word">The word; mapped until this is disposed.</param>
    /// <param name="value">The value of the word when the caller checked it.</param>
    /// <param name="deadline">The latest time to wake.</param>
    /// <param name="ended"><see cref="KeeperWatch.Ended"/>, read before the caller checked the owner.</param>
    /// <param name="most">The longest sleep; null or infinite for none.</param>
    public void On(int* word, int value, Deadline deadline, int ended, TimeSpan? most = null)
    {
        _word = word;

        // With a full fence: a thread that cancels, or reports the end of a process, sees this; or this thread sees that it did.
        Interlocked.Increment(ref _turns);
        if (!_token.IsCancellationRequested && KeeperWatch.Ended == ended)
        {
            TimeSpan rest = deadline.RemainingWait;
            TimeSpan limit = most ?? Timeout.InfiniteTimeSpan;
            bool isShorter = limit != Timeout.InfiniteTimeSpan && (rest == Timeout.InfiniteTimeSpan || limit < rest);
            Futex.Wait(ref *word, value, isShorter ? limit : rest);
        }

        Volatile.Write(ref _turns, _turns + 1);
    }

    /// <summary>Wakes all sleeping threads of this process, to check again.</summary>
    public static void WakeAll()
    {
        using (Gate.Hold())
        {
            foreach (Sleep sleep in All)
            {
                sleep.Wake();
            }
        }
    }

    public void Dispose()
    {
        _registration.Dispose();
        using (Gate.Hold())
        {
            All.Remove(this);
        }
    }

    // Other processes use the word, so its value must not change. Therefore this wakes repeatedly, until the thread has been awake: it may
    // have been about to fall asleep, and it may sleep again by the time this checks.
    private void Wake()
    {
        SpinWait wait = default;
        int turn = Interlocked.CompareExchange(ref _turns, 0, 0);
        while (turn % 2 != 0 && Volatile.Read(ref _turns) == turn)
        {
            Futex.Wake(ref *_word, int.MaxValue);
            wait.SpinOnce();
        }
    }
}
