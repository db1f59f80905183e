using Fairlead.Native;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// The threads in which those sleep who have none: each on up to 127 words at once, and any number on each of them. Where there are more words another is started, and all but the first end when they are not needed any more.
/// Where the kernel cannot wait for several words (before Linux 5.16) there is a thread for each.
/// </summary>
internal sealed unsafe class TurnThread
{
    private static readonly Lock Starting = new();
    private static readonly List<TurnThread> Running = [];
    private readonly FutexSet _set = new();
    private readonly List<Turn> _coming = [];

    // The thread's own.
    private List<Turn> _turns = [];
    private List<Turn> _staying = [];
    private bool _isFull;

    /// <summary>How many there are in this process.</summary>
    internal static int Count
    {
        get
        {
            lock (Starting)
            {
                return Running.Count;
            }
        }
    }

    /// <summary>Drives a turn that waits.</summary>
    public static void Add(Turn turn)
    {
        lock (Starting)
        {
            Place(turn);
        }
    }

    /// <summary>All look again at what they wait for.</summary>
    public static void WakeAll()
    {
        lock (Starting)
        {
            foreach (TurnThread thread in Running)
            {
                thread._set.Ring();
            }
        }
    }

    /// <summary>Any thread: one of its turns is to end.</summary>
    public void Hurry()
    {
        lock (Starting)
        {
            // One that has ended has handed its turns on before, and they are looked at by then.
            if (Running.Contains(this))
            {
                _set.Ring();
            }
        }
    }

    private static void Place(Turn turn)
    {
        TurnThread? thread = Running.Find(static thread => !thread._isFull);
        if (thread is null)
        {
            thread = new TurnThread();
            Running.Add(thread);
            new Thread(thread.Run, 256 * 1024) { IsBackground = true, Name = "Fairlead waiting" }.UnsafeStart();
        }

        turn.MoveTo(thread);
        thread._coming.Add(turn);
        thread._isFull |= !FutexSet.IsAvailable;
        thread._set.Ring();
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
            lock (Starting)
            {
                _isFull = true;
                Place(turn);
            }
        }
    }

    /// <summary>False when there is nothing more to be done.</summary>
    private bool Sleep()
    {
        lock (Starting)
        {
            if (_coming.Count > 0)
            {
                _turns.AddRange(_coming);
                _coming.Clear();
                return true;
            }

            _isFull = _set.IsFull;
            if (_turns.Count == 0 && Running.IndexOf(this) > 0)
            {
                Running.Remove(this);
                _set.Free();
                return false;
            }
        }

        _set.Sleep();
        return true;
    }
}
