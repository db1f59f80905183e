namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// The threads that sleep for asynchronous callers. Each thread sleeps on up to 127 words at the same time, with any number of callers on a
/// word. More words start another thread; all but the first end when they are idle. Before Linux 5.16 the kernel cannot wait for several
/// words, and each word takes a thread.
/// </summary>
internal sealed class TurnThreads
{
    private readonly List<TurnThread> _running = [];

    /// <summary>The threads of this process.</summary>
    public static TurnThreads Shared { get; } = new();

    /// <summary>The number of threads.</summary>
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

    /// <summary>Guards the list of threads and the assignment of waiters to them.</summary>
    public RankedLock Gate { get; } = new(LockRank.TurnThreads);

    /// <summary>Starts driving a waiter.</summary>
    /// <exception cref="FairleadException">
    /// Unavailable: the system could not start a thread. The waiter is not driven; its caller ends it.
    /// </exception>
    public void Add(Turn turn)
    {
        using (Gate.Hold())
        {
            Place(turn);
        }
    }

    /// <summary>Wakes all threads, to check their words again.</summary>
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

    /// <summary>
    /// Wakes one thread; no effect if it has ended. An ending thread has handed its waiters on, and they have been checked by then.
    /// </summary>
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

    /// <summary>Hands a waiter to a thread with capacity, or starts one. Inside the gate.</summary>
    /// <exception cref="FairleadException">Unavailable: the system could not start a thread.</exception>
    public void Place(Turn turn)
    {
        TurnThread? thread = _running.Find(static thread => !thread.IsFull);
        if (thread is null)
        {
            // The thread joins the list only when it runs: a waiter on a thread that never ran would wait without end. Until then the
            // thread waits for the gate.
            thread = TurnThread.Start(this);
            _running.Add(thread);
        }

        turn.MoveTo(thread);
        thread.Take(turn);
    }

    /// <summary>Removes a thread from the list, unless it is the first one, which stays. Inside the gate.</summary>
    public bool TryEnd(TurnThread thread) => _running.IndexOf(thread) > 0 && _running.Remove(thread);
}
