using System.Diagnostics.CodeAnalysis;
using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <summary>
/// Sees to what has been left for later. One thread for the process, which runs only while something is left: then it makes its rounds, so that who leaves something need not wake it, and sleeps for good
/// after some without work. A thread of its own, since those of the pool look for further work for some hundred microseconds each time they are through.
/// </summary>
/// <param name="name">Of the thread.</param>
/// <param name="period">From round to round.</param>
/// <param name="idle">Rounds without work before it sleeps.</param>
/// <param name="visit">Called in the thread, once for each time that something was added; may add it again, for the next round.</param>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "Its thread waits on the descriptor to the end of the process.")]
internal sealed class Rounds<T>(string name, TimeSpan period, int idle, Action<T> visit)
{
    private readonly Lock _gate = new();
    private readonly EventDescriptor _wake = new();
    private List<T> _waiting = [];
    private List<T> _taken = [];
    private bool _sleeps;
    private Thread? _thread;

    /// <summary>Visited within one period, or some more where the system has much to do. Takes no lock but its own.</summary>
    public void Add(T item)
    {
        lock (_gate)
        {
            _waiting.Add(item);
            if (_thread is null)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = name };
                _thread.UnsafeStart();
            }
            else if (_sleeps)
            {
                _sleeps = false;
                _wake.Signal();
            }
        }
    }

    private void Run()
    {
        int rounds = 0;
        while (true)
        {
            if (rounds > idle)
            {
                BlockingWait.Wait(_wake.Descriptor, PollEvents.Read, Timeout.InfiniteTimeSpan);
                _wake.Drain();
                rounds = 0;
            }

            BlockingWait.Wait(_wake.Descriptor, PollEvents.Read, period);
            lock (_gate)
            {
                (_waiting, _taken) = (_taken, _waiting);
                rounds = _taken.Count > 0 ? 0 : rounds + 1;
                _sleeps = rounds > idle;
            }

            foreach (T item in _taken)
            {
                visit(item);
            }

            _taken.Clear();
        }
    }
}
