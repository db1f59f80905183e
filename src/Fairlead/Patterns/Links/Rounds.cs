using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <summary>
/// Sees to what has been left for later. One thread for the process, which runs only while something is left: then it makes its rounds, so
/// that who leaves something need not wake it, and sleeps for good after some without work. A thread of its own, since those of the pool go
/// on looking for work for a while each time they are through. No descriptors: it works where there are none left.
/// </summary>
/// <param name="name">Of the thread.</param>
/// <param name="period">From round to round.</param>
/// <param name="idle">Rounds without work before it sleeps.</param>
/// <param name="visit">Called in the thread, once for each time that something was added; may add it again, for the next round.</param>
internal sealed class Rounds<T>(string name, TimeSpan period, int idle, Action<T> visit)
{
    private readonly RankedLock _gate = new(LockRank.Rounds);

    // A futex: 1 when the thread is called out of its sleep. Pinned, since the kernel knows it by its address.
    private readonly int[] _called = GC.AllocateArray<int>(1, pinned: true);
    private List<T> _waiting = [];
    private List<T> _taken = [];
    private bool _sleeps;
    private bool _hasThread;

    /// <summary>
    /// Starts the thread, where that has not been done: where the system gives none, whoever begins is told, and not who is in the middle
    /// of something.
    /// </summary>
    public void Start()
    {
        if (Volatile.Read(ref _hasThread))
        {
            return;
        }

        using (_gate.Hold())
        {
            if (!_hasThread)
            {
                BackgroundThread.Start(name, Run);
                Volatile.Write(ref _hasThread, true);
            }
        }
    }

    /// <summary>Starts the thread in the same way; false where the system gives none.</summary>
    public bool TryStart()
    {
        try
        {
            Start();
            return true;
        }
        catch (FairleadException)
        {
            return false;
        }
    }

    /// <summary>Visited within one period, or some more where the system has much to do. Takes no lock but its own.</summary>
    public void Add(T item)
    {
        using (_gate.Hold())
        {
            _waiting.Add(item);
            if (_sleeps)
            {
                _sleeps = false;
                Volatile.Write(ref _called[0], 1);
                Futex.Wake(ref _called[0]);
            }
        }
    }

    /// <summary>One that fails costs neither the others nor the thread, which is everybody's.</summary>
    private void Visit(T item)
    {
        try
        {
            visit(item);
        }
        catch (Exception exception)
        {
            FairleadEventSource.Log.VisitFailed(name, exception.ToString());
        }
    }

    private void Run()
    {
        Preloading.Run();
        int rounds = 0;
        while (true)
        {
            if (rounds > idle)
            {
                while (Volatile.Read(ref _called[0]) == 0)
                {
                    Futex.Wait(ref _called[0], 0, Timeout.InfiniteTimeSpan);
                }

                Volatile.Write(ref _called[0], 0);
                rounds = 0;
            }

            // Nobody calls meanwhile.
            Futex.Wait(ref _called[0], 0, period);
            using (_gate.Hold())
            {
                (_waiting, _taken) = (_taken, _waiting);
                rounds = _taken.Count > 0 ? 0 : rounds + 1;
                _sleeps = rounds > idle;
            }

            foreach (T item in _taken)
            {
                Visit(item);
            }

            _taken.Clear();
        }
    }
}
