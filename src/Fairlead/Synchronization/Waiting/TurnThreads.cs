using Fairlead.Native;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// The threads that sleep for asynchronous callers: each on up to 127 words at once, and any number of callers on each word. Where there
/// are more words another thread is started, and all but the first end when they are not needed any more. Where the kernel cannot wait for
/// several words (before Linux 5.16) there is a thread for each.
/// </summary>
internal sealed class TurnThreads
{
    private readonly List<TurnThread> _running = [];

    /// <summary>Those of this process.</summary>
    public static TurnThreads Shared { get; } = new();

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            using (Gate.Hold())
            {
                return _running.Count;
            }
        }
    }

    /// <summary>Of all of them: which threads there are, and which turns come to them.</summary>
    public RankedLock Gate { get; } = new(LockRank.TurnThreads);

    /// <summary>Drives a turn that waits.</summary>
    /// <exception cref="FairleadException">
    /// Unavailable: the system gives no thread. The turn is not driven, and its caller ends it.
    /// </exception>
    public void Add(Turn turn)
    {
        using (Gate.Hold())
        {
            Place(turn);
        }
    }

    /// <summary>All look again at what they wait for.</summary>
    public void WakeAll()
    {
        using (Gate.Hold())
        {
            foreach (TurnThread thread in _running)
            {
                thread.Ring();
            }
        }
    }

    /// <summary>Wakes one; without effect when it has ended. It has handed its turns on before, and they are looked at by then.</summary>
    public void Hurry(TurnThread thread)
    {
        using (Gate.Hold())
        {
            if (_running.Contains(thread))
            {
                thread.Ring();
            }
        }
    }

    /// <summary>Hands a turn to a thread that has room, or starts one. Inside the gate.</summary>
    /// <exception cref="FairleadException">Unavailable: the system gives no thread.</exception>
    public void Place(Turn turn)
    {
        TurnThread? thread = _running.Find(static thread => !thread.IsFull);
        if (thread is null)
        {
            // In the list when it runs, and not before: a turn on a thread that never ran would wait without end. It waits for the gate
            // meanwhile.
            thread = TurnThread.Start(this);
            _running.Add(thread);
        }

        turn.MoveTo(thread);
        thread.Take(turn);
    }

    /// <summary>Takes one out of the list, unless it is the first, which stays. Inside the gate.</summary>
    public bool TryEnd(TurnThread thread) => _running.IndexOf(thread) > 0 && _running.Remove(thread);
}
