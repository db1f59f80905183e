using System.Diagnostics;

namespace Fairlead.Patterns.Links;

/// <summary>
/// Runs the continuations of asynchronous callers that an iteration has completed together: one after the other, on one thread. What they
/// send is written when all have run. A continuation that takes its time, or blocks, does not hold up those behind it: another thread goes
/// on with them.
/// </summary>
/// <remarks>
/// Owns the completed operations whose continuations have not run, under its own lock. Any thread, with no lock held. Queueing each to the
/// pool costs more than most continuations do, and tears apart what they send.
/// </remarks>
internal sealed class Continuations(EndpointCore endpoint) : IThreadPoolWorkItem
{
    /// <summary>
    /// How long continuations may run before other threads go on with the rest, what has been sent is written, and the reactor waits again.
    /// </summary>
    private static readonly long LongSpan = Stopwatch.Frequency / 5_000;

    /// <summary>Sees those that have not come back. Not often, since its thread interrupts one that works.</summary>
    private static readonly Rounds<Continuations> Watcher = new(
        "fairlead watcher", TimeSpan.FromMilliseconds(1), idle: 20, static continuations => continuations.OnRound());

    // The endpoint's whose continuations this thread runs, and since which of the times when some were held up.
    [ThreadStatic]
    private static Continuations? _here;

    [ThreadStatic]
    private static int _hereSince;

    private readonly RankedLock _gate = new(LockRank.Continuations);
    private Operation? _first;
    private Operation? _last;
    private int _taken;
    private int _takenAtRound;

    // Threads that run some at this moment; and how often the watcher has found them held up.
    private int _running;
    private int _heldUp;
    private bool _isWatched;

    /// <summary>
    /// Whether this thread runs several continuations of this endpoint, and writes their output after the last. Not where one of them has
    /// blocked: it may never come back.
    /// </summary>
    public bool IsHere => _here == this && _hereSince == Volatile.Read(ref _heldUp);

    /// <summary>
    /// Writes deferred output before a caller waits. Not where the caller is one of several continuations that run on this thread: the
    /// output of all of them is written after the last.
    /// </summary>
    public void FlushBeforeWait()
    {
        if (!IsHere || endpoint.Settings.Writing == WriteMode.Buffered)
        {
            endpoint.Table.FlushDeferred();
        }
    }

    /// <summary>
    /// Before the role is left, behind which <see cref="Tell"/> follows: so that nobody arms in between. False where the system gives no
    /// thread that watches for one that blocks.
    /// </summary>
    public bool Prepare(bool inline)
    {
        bool canWatch = Watcher.TryStart();
        if (canWatch && inline)
        {
            endpoint.Pump.Polling.Promise();
        }

        return canWatch;
    }

    /// <summary>Signals operations that are chained by <see cref="Operation.NextCompleted"/>.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="last">The last of them.</param>
    /// <param name="inline">Whether on this thread; else on one of the pool.</param>
    /// <param name="canWatch">What <see cref="Prepare"/> has said.</param>
    public void Tell(Operation first, Operation last, bool inline, bool canWatch)
    {
        bool isNew;
        using (_gate.Hold())
        {
            if (_last is null)
            {
                _first = first;
            }
            else
            {
                _last.NextCompleted = first;
            }

            _last = last;
            isNew = canWatch && !_isWatched;
            _isWatched |= canWatch;
        }

        if (isNew)
        {
            Watcher.Add(this);
        }

        if (!(canWatch && inline))
        {
            // Where no thread watches for one that blocks, a second thread begins at once.
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        if (inline)
        {
            Run();
        }
    }

    /// <summary>
    /// Writes the output that continuations have deferred, once they have run, unless the user decides when it is written.
    /// </summary>
    public void Flush()
    {
        if (endpoint.Settings.Writing == WriteMode.Balanced && !IsHere)
        {
            Write();
        }
    }

    private void Write()
    {
        try
        {
            endpoint.Table.FlushDeferred();
        }
        catch (Exception exception)
        {
            // The thread is shared.
            FairleadEventSource.Log.Contained(endpoint.Address.Display, exception.ToString());
        }
    }

    /// <summary>By a thread of the pool.</summary>
    void IThreadPoolWorkItem.Execute() => Run();

    /// <summary>
    /// By the watcher: where none has come back since the last round, the same is done for those that block. From then on they write what
    /// they send themselves, and are watched no more once nothing waits behind them.
    /// </summary>
    private void OnRound()
    {
        bool isWatched;
        bool areHeldUp;
        using (_gate.Hold())
        {
            areHeldUp = (_running > 0 || _first is not null) && _taken == _takenAtRound;
            isWatched = _isWatched = _first is not null || (_running > 0 && !areHeldUp);
            _takenAtRound = _taken;
            _heldUp += areHeldUp ? 1 : 0;
        }

        if (isWatched)
        {
            Watcher.Add(this);
        }

        if (areHeldUp)
        {
            GoOn();
        }
    }

    /// <summary>The thread that runs them is busy, or blocked.</summary>
    private void GoOn()
    {
        if (Volatile.Read(ref _first) is not null)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        endpoint.Pump.Polling.EndPromise();
        Write();
    }

    private void Run()
    {
        Continuations? outer = _here;
        int outerSince = _hereSince;
        _here = this;
        _hereSince = Volatile.Read(ref _heldUp);
        bool runs = false;
        try
        {
            // Reading the clock costs as much as a short continuation. Where nothing waits behind one, nothing is to be done for it either.
            long start = 0;
            while (Take(ref runs) is { } operation)
            {
                if (start == 0 && Volatile.Read(ref _first) is not null)
                {
                    start = Stopwatch.GetTimestamp();
                }

                Completions.Signal(operation, inline: true);
                if (start != 0 && Stopwatch.GetTimestamp() is var now && now - start > LongSpan)
                {
                    start = now;
                    GoOn();
                }
            }
        }
        finally
        {
            _here = outer;
            _hereSince = outerSince;
            if (runs)
            {
                using (_gate.Hold())
                {
                    _running--;
                }
            }
        }

        Flush();
    }

    /// <param name="runs">Whether this thread counts among those that run some.</param>
    private Operation? Take(ref bool runs)
    {
        using (_gate.Hold())
        {
            Operation? operation = _first;
            if (runs != operation is not null)
            {
                runs = !runs;
                _running += runs ? 1 : -1;
            }

            if (operation is null)
            {
                return null;
            }

            // Before it is signalled: from then on its caller may use it again.
            _first = operation.NextCompleted;
            _last = _first is null ? null : _last;
            operation.NextCompleted = null;
            _taken++;
            return operation;
        }
    }
}
