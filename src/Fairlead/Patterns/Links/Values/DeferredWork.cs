using Fairlead.Native;
using Fairlead.Native.Waiting;

namespace Fairlead.Patterns.Links.Values;

/// <summary>Visits objects with deferred work in rounds, on one thread per instance that runs only while there is work.</summary>
/// <remarks>
/// While the thread makes its rounds, deferring work need not wake it. After several rounds without work it sleeps until the next call. It
/// is a dedicated thread, because pool threads keep looking for work for a while each time they finish. It needs no descriptors, and works
/// when there are none left.
/// </remarks>
/// <param name="name">The name of the thread.</param>
/// <param name="period">The time between two rounds.</param>
/// <param name="idle">The rounds without work before the thread sleeps.</param>
/// <param name="visit">Called on the thread, once for each added object. It may add the object again, for the next round.</param>
internal sealed class DeferredWork<T>(string name, TimeSpan period, int idle, Action<T> visit)
{
    private readonly RankedLock _gate = new(LockRank.DeferredWork);

    // A futex: 1 when the thread is woken from its sleep. Pinned, because the kernel identifies it by its address.
    private readonly int[] _called = GC.AllocateArray<int>(1, pinned: true);
    private List<T> _waiting = [];
    private List<T> _taken = [];
    private bool _sleeps;
    private bool _hasThread;

    /// <summary>Starts the thread, unless that was done. Opening an endpoint calls this.</summary>
    /// <remarks>If the system provides no thread, opening fails, and not an operation in progress.</remarks>
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

    /// <summary>Starts the thread in the same way. Returns false if the system provides none.</summary>
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

    /// <summary>Adds an object, to be visited within one period, or later on a busy system. Takes only its own lock.</summary>
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

    /// <summary>Visits an object and contains its exception, because the thread is shared.</summary>
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

            // No thread writes the futex meanwhile.
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
