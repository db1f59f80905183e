using Fairlead.Native;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// A thread that sleeps on words of shared memory, until the time has passed, a token is cancelled, or a process has ended that is watched.
/// </summary>
internal sealed unsafe class Sleep : IDisposable
{
    private static readonly RankedLock Gate = new(LockRank.Sleep);
    private static readonly HashSet<Sleep> All = [];

    private readonly CancellationToken _token;
    private readonly CancellationTokenRegistration _registration;
    private int* _word;

    // Odd while it is asleep, or about to be.
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

    /// <summary>Sleeps while the word has the value; now and then wakes for no reason.</summary>
    /// <param name="word">Mapped as long as this is not disposed.</param>
    /// <param name="value">What it had when it was looked at.</param>
    /// <param name="deadline">When to wake at the latest.</param>
    /// <param name="ended"><see cref="KeeperWatch.Ended"/>, before its owner was looked at.</param>
    public void On(int* word, int value, Deadline deadline, int ended)
    {
        _word = word;

        // With a full fence: whoever cancels now, or tells of an end, sees it; or this thread sees that he has.
        Interlocked.Increment(ref _turns);
        if (!_token.IsCancellationRequested && KeeperWatch.Ended == ended)
        {
            Futex.Wait(ref *word, value, deadline.RemainingWait);
        }

        Volatile.Write(ref _turns, _turns + 1);
    }

    /// <summary>All who sleep in this process look again.</summary>
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

    // The word is others' too, and must not be changed: so it is woken until the thread has been awake. It may have been about to fall
    // asleep; and it may sleep again by the time that this looks.
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
