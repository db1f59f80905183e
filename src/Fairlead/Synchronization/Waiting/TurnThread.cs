using Fairlead.Native;

namespace Fairlead.Synchronization.Waiting;

/// <summary>One of the threads that sleep for those who have none.</summary>
internal sealed unsafe class TurnThread
{
    private readonly TurnThreads _all;
    private readonly FutexSet _set = new();
    private readonly List<Turn> _coming = [];

    // The thread's own.
    private List<Turn> _turns = [];
    private List<Turn> _staying = [];

    private TurnThread(TurnThreads all) => _all = all;

    /// <summary>Whether no further turn is to come here. Inside the gate of all.</summary>
    public bool IsFull { get; private set; }

    /// <exception cref="FairleadException">Unavailable: the system gives no thread.</exception>
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

    /// <summary>Any thread: one of its turns is to end.</summary>
    public void Hurry() => _all.Hurry(this);

    /// <summary>Inside the gate of all, while it is in the list.</summary>
    public void Ring() => _set.Ring();

    /// <summary>Inside the gate of all, while it is in the list.</summary>
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
            // It concerns the one that waits, who is told: neither the others here nor the process.
            turn.Fail(exception);
        }
    }

    private void GoOn(Turn turn)
    {
        // First the look at what ends it: what it gets after that, it gets.
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

    /// <summary>False when there is nothing more to be done.</summary>
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
