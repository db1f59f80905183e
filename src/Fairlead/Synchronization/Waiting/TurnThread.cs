using Fairlead.Native.Waiting;

namespace Fairlead.Synchronization.Waiting;

/// <summary>One of the threads that sleep for asynchronous waiters.</summary>
internal sealed unsafe class TurnThread
{
    private readonly TurnThreads _all;
    private readonly FutexSet _set = new();
    private readonly List<Turn> _coming = [];

    // Used by the thread itself only.
    private List<Turn> _turns = [];
    private List<Turn> _staying = [];

    private TurnThread(TurnThreads all) => _all = all;

    /// <summary>Whether the thread accepts no further waiters. Inside the shared gate.</summary>
    public bool IsFull { get; private set; }

    /// <exception cref="FairleadException">Unavailable: the system could not start a thread.</exception>
    public static TurnThread Start(TurnThreads all)
    {
        TurnThread thread = new(all);
        try
        {
            BackgroundThread.Start("Fairlead waiting", thread.Run, 256 * 1024);
            return thread;
        }
        catch
        {
            thread._set.Free();
            throw;
        }
    }

    /// <summary>Wakes the thread because one of its waiters is to end. Any thread may call it.</summary>
    public void Hurry() => _all.Hurry(this);

    /// <summary>Wakes the thread. Inside the shared gate, while the thread is in the list.</summary>
    public void Ring() => _set.Ring();

    /// <summary>Hands it a waiter. Inside the shared gate, while the thread is in the list.</summary>
    public void Take(Turn turn)
    {
        _coming.Add(turn);
        IsFull |= !FutexSet.IsAvailable;
        _set.Ring();
    }

    private void Run()
    {
        do
        {
            _set.Clear();
            foreach (Turn turn in _turns)
            {
                Drive(turn);
            }

            (_turns, _staying) = (_staying, _turns);
            _staying.Clear();
        }
        while (Sleep());
    }

    private void Drive(Turn turn)
    {
        try
        {
            GoOn(turn);
        }
        catch (Exception exception)
        {
            // The error concerns one waiter, whose caller gets it: neither the other waiters here nor the process.
            turn.Fail(exception);
        }
    }

    private void GoOn(Turn turn)
    {
        // Read first whether it is to end: a result that arrives after that still counts.
        bool isEnding = turn.IsEnding;
        if (turn.Advance(out int* word, out int value))
        {
            return;
        }

        if (isEnding)
        {
            turn.Abandon();
        }
        else if (_set.TryAdd(word, value))
        {
            _staying.Add(turn);
        }
        else
        {
            using (_all.Gate.Hold())
            {
                IsFull = true;
                _all.Place(turn);
            }
        }
    }

    /// <summary>Sleeps; returns false when there is nothing left to do.</summary>
    private bool Sleep()
    {
        using (_all.Gate.Hold())
        {
            if (_coming.Count > 0)
            {
                _turns.AddRange(_coming);
                _coming.Clear();
                return true;
            }

            IsFull = _set.IsFull;
            if (_turns.Count == 0 && _all.TryEnd(this))
            {
                _set.Free();
                return false;
            }
        }

        _set.Sleep();
        return true;
    }
}
