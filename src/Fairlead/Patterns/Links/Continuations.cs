namespace Fairlead.Patterns.Links;

/// <summary>
/// Asynchronous callers of an endpoint that are told together: one after the other, on one thread, and what they send meanwhile is written
/// when all have run. One that blocks does not hold up those behind it: then another thread goes on with them.
/// </summary>
/// <remarks>
/// Owns those that are still to be told, under its own lock. Any thread, with no lock held. Handing each to the pool by itself costs more
/// than most of them do, and tears apart what they send.
/// </remarks>
internal sealed class Continuations(EndpointCore endpoint) : IThreadPoolWorkItem, IFlusherClient
{
    // How many are telling on this thread, one inside the other.
    [ThreadStatic]
    private static int _depth;

    private readonly RankedLock _gate = new(LockRank.Continuations);
    private Operation? _first;
    private Operation? _last;
    private int _taken;
    private int _takenAtRound;
    private bool _isWatched;

    /// <summary>Whether this thread tells somebody at this moment, and writes afterwards what is left lying.</summary>
    public static bool AreToldHere => _depth > 0;

    /// <summary>Tells these, which hang together by <see cref="Operation.NextCompleted"/>.</summary>
    /// <param name="first">Of them.</param>
    /// <param name="last">Of them.</param>
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

        if (!isWatched && !Flusher.TryAdd(this))
        {
            // Nobody looks whether they are held up: somebody else begins at once.
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        if (inline)
        {
            Run();
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>
    /// Those who were told here have run: what they have left lying is written. By the outermost that tells on this thread.
    /// </summary>
    public void Flush()
    {
        if (endpoint.Settings.Writing != WriteMode.Balanced || AreToldHere)
        {
            return;
        }

        try
        {
            endpoint.Table.FlushDeferred();
        }
        catch (Exception exception)
        {
            // The thread is everybody's; the flusher comes by and finds the same.
            FairleadEventSource.Log.Contained(endpoint.Address.Display, exception.ToString());
        }
    }

    /// <summary>By a thread of the pool.</summary>
    void IThreadPoolWorkItem.Execute() => Run();

    /// <summary>Where nothing has moved since the last round, another thread goes on.</summary>
    void IFlusherClient.OnRound()
    {
        bool isHeldUp;
        bool isWatched;
        using (_gate.Hold())
        {
            _isWatched = isWatched = _first is not null;
            isHeldUp = isWatched && _taken == _takenAtRound;
            _takenAtRound = _taken;
        }

        if ((isWatched && !Flusher.TryAdd(this)) || isHeldUp)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    private void Run()
    {
        _depth++;
        try
        {
            while (Take() is { } operation)
            {
                Completions.Signal(operation, inline: true);
            }
        }
        finally
        {
            _depth--;
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

            // Before it is told: from then on it is its caller's, who may use it again.
            _first = operation.NextCompleted;
            _last = _first is null ? null : _last;
            operation.NextCompleted = null;
            _taken++;
            return operation;
        }
    }
}
