namespace Fairlead.Patterns.Links;

/// <summary>
/// Runs the continuations of asynchronous callers that an iteration has completed together: one after the other, on one thread. What they
/// send is written when all have run. A continuation that blocks does not hold up those behind it: another thread goes on with them.
/// </summary>
/// <remarks>
/// Owns the completed operations whose continuations have not run, under its own lock. Any thread, with no lock held. Queueing each to the
/// pool costs more than most continuations do, and tears apart what they send.
/// </remarks>
internal sealed class Continuations(EndpointCore endpoint) : IThreadPoolWorkItem, IFlusherClient
{
    // The endpoint's whose continuations this thread runs.
    [ThreadStatic]
    private static Continuations? _here;

    private readonly RankedLock _gate = new(LockRank.Continuations);
    private Operation? _first;
    private Operation? _last;
    private int _taken;
    private int _takenAtRound;

    // Threads that run some at this moment; and how often one has begun.
    private int _running;
    private int _runs;
    private int _runsAtRound;
    private bool _isWatched;

    /// <summary>Whether this thread runs several continuations of this endpoint, and writes their output after the last.</summary>
    public bool IsHere => _here == this;

    /// <summary>
    /// Writes deferred output before a caller waits. Not where the caller is one of several continuations that run on this thread: the
    /// output of all of them is written after the last.
    /// </summary>
    public void FlushBeforeWait()
    {
        if (_here != this || endpoint.Settings.Writing == WriteMode.Buffered)
        {
            endpoint.Table.FlushDeferred();
        }
    }

    /// <summary>Signals operations that are chained by <see cref="Operation.NextCompleted"/>.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="last">The last of them.</param>
    /// <param name="inline">Whether on this thread; else on one of the pool.</param>
    public void Tell(Operation first, Operation last, bool inline)
    {
        bool isWatched;
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
            isWatched = _isWatched;
            _isWatched = true;
        }

        isWatched = isWatched || Watch();
        if (inline)
        {
            if (isWatched)
            {
                endpoint.Pump.Polling.Promise();
            }

            Run();
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>
    /// Writes the output that continuations have deferred, once they have run, unless the user decides when it is written.
    /// </summary>
    public void Flush()
    {
        if (endpoint.Settings.Writing == WriteMode.Balanced && _here != this)
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
    /// Where the same continuations still run as in the last round: writes what they have deferred, and lets the reactor wait meanwhile.
    /// Lets another thread go on if none was begun since.
    /// </summary>
    void IFlusherClient.OnRound()
    {
        bool isWatched;
        bool takesTime;
        bool isHeldUp;
        using (_gate.Hold())
        {
            isWatched = _isWatched = _running > 0 || _first is not null;
            takesTime = isWatched && _runs == _runsAtRound;
            isHeldUp = _first is not null && _taken == _takenAtRound;
            _runsAtRound = _runs;
            _takenAtRound = _taken;
        }

        if (isWatched)
        {
            Watch();
        }

        if (isHeldUp)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        if (takesTime)
        {
            endpoint.Pump.Polling.EndPromise();
            Write();
        }
    }

    private bool Watch()
    {
        if (Flusher.TryAdd(this))
        {
            return true;
        }

        // No thread watches for a blocked continuation: a second thread begins at once, and the next chain tries again.
        using (_gate.Hold())
        {
            _isWatched = false;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return false;
    }

    private void Run()
    {
        Continuations? outer = _here;
        _here = this;
        using (_gate.Hold())
        {
            _running++;
            _runs++;
        }

        try
        {
            while (Take() is { } operation)
            {
                Completions.Signal(operation, inline: true);
            }
        }
        finally
        {
            _here = outer;
            using (_gate.Hold())
            {
                _running--;
            }
        }

        Flush();
    }

    private Operation? Take()
    {
        using (_gate.Hold())
        {
            if (_first is not { } operation)
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
