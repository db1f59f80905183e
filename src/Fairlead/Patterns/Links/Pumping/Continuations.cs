using System.Diagnostics;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Pumping;

/// <summary>Runs the continuations that one iteration has completed, one after the other, on one thread.</summary>
/// <remarks>
/// <para>
/// Their output is written when all have run. If a continuation takes long or blocks, another thread runs those behind it. Queueing each
/// one to the pool would cost more than most continuations do, and would split up what they send.
/// </para>
/// <para>
/// Owns the completed operations whose continuations have not run, under a separate lock. Any thread, with no lock held.
/// </para>
/// </remarks>
internal sealed class Continuations(IPumpOwner owner, EndpointSettings settings, Pump pump) : IContainedWork
{
    /// <summary>How long continuations run before other threads take the rest, the output is written, and the reactor waits
    /// again.</summary>
    private static readonly long LongSpan = Stopwatch.Frequency / 5_000;

    /// <summary>If this many have run in that time, each is brief: a second thread would cost more than it saves, because both use the
    /// endpoint.</summary>
    private const int ManyBrief = 64;

    /// <summary>A caller that takes the next message in its continuation is done with the previous one within this time.</summary>
    private static readonly long BriefSpan = Stopwatch.Frequency / 50_000;

    /// <summary>How many continuations run from one reading of the clock to the next, if those before them were brief.</summary>
    private const int Untimed = 8;

    /// <summary>Detects continuations, or groups that are timed together, that have not returned. Runs rarely, because its thread
    /// interrupts one that works.</summary>
    private static readonly DeferredWork<Continuations> Watcher = new(
        "fairlead watcher", TimeSpan.FromMilliseconds(1), idle: 20, static continuations => continuations.OnRound());

    // The instance whose continuations this thread runs, and the value of _heldUp when it began.
    [ThreadStatic]
    private static Continuations? _here;

    [ThreadStatic]
    private static int _hereSince;

    // Whether those that this thread ran last were brief.
    [ThreadStatic]
    private static bool _areBriefHere;

    private readonly RankedLock _gate = new(LockRank.Continuations);
    private Operation? _first;
    private Operation? _last;
    private int _taken;
    private int _takenAtRound;

    // The number of threads that run continuations now, and how often the watcher has found them blocked.
    private int _running;
    private int _heldUp;
    private bool _isWatched;

    // Of the thread that has promised to arm: when it began to take messages ahead, when it took the last one, how many it has taken in
    // all, and whether that paid.
    private long _aheadSince;
    private long _lastAhead;
    private int _ahead;
    private Backoff _aheadRuns;

    /// <summary>Whether this thread runs several continuations of this endpoint, and writes their output after the last.</summary>
    /// <remarks>False if one of them has blocked, because it may never return.</remarks>
    public bool IsHere => _here == this && _hereSince == Volatile.Read(ref _heldUp);

    /// <summary>The same, and those that have run here were brief. Their output may wait for that of the next ones.</summary>
    public bool AreBriefHere => _areBriefHere && IsHere;

    /// <summary>Whether others wait to be run.</summary>
    public bool HasMore => Volatile.Read(ref _first) is not null;

    /// <summary>Returns whether a caller that runs here may take the next message itself, although others wait for messages.</summary>
    /// <remarks>
    /// This thread arms later, no continuation waits behind the caller, and the caller was done quickly with what it took before. No
    /// waiter could begin sooner: this thread would run it, after a pump iteration.
    /// </remarks>
    public bool MayTakeAhead()
    {
        if (!IsHere || HasMore || !pump.BusyPoll.HasPromised)
        {
            return false;
        }

        long now = Stopwatch.GetTimestamp();
        if (_aheadSince == 0)
        {
            _aheadSince = _lastAhead = now;
            return !_aheadRuns.Skips();
        }

        // A caller that takes its time, or awaits something, leaves the next messages to the others, which other threads may run.
        bool isBrief = now - _lastAhead < BriefSpan;
        _lastAhead = now;
        _aheadRuns.Note(isBrief);
        _areBriefHere = isBrief;
        return isBrief && now - _aheadSince < LongSpan;
    }

    /// <summary>Notes that a caller has taken a message so, which shows the watcher that it does not block.</summary>
    public void NoteAhead() => Volatile.Write(ref _ahead, _ahead + 1);

    /// <summary>Writes deferred output before a caller waits.</summary>
    /// <remarks>
    /// Does nothing if the caller is one of several continuations on this thread: the output of all is written after the last.
    /// </remarks>
    public void FlushBeforeWait()
    {
        if (!IsHere || settings.WriteMode == WriteMode.Buffered)
        {
            owner.FlushDeferred();
        }
    }

    /// <summary>Promises to arm before the role is left. <see cref="Tell"/> follows, and no other thread arms in between.</summary>
    /// <remarks>Returns false if the system provides no thread to detect blocked continuations.</remarks>
    public bool Prepare(bool inline)
    {
        bool canWatch = Watcher.TryStart();
        if (canWatch && inline)
        {
            pump.BusyPoll.Promise();
        }

        return canWatch;
    }

    /// <summary>Signals operations chained by <see cref="Operation.NextCompleted"/>.</summary>
    /// <param name="first">The first operation of the chain.</param>
    /// <param name="last">The last operation of the chain.</param>
    /// <param name="inline">Whether to run on this thread; otherwise on a pool thread.</param>
    /// <param name="canWatch">The result of <see cref="Prepare"/>.</param>
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
            // Without a thread that detects blocking, start a second thread at once.
            PoolWork.Queue(this);
        }

        if (inline)
        {
            Run();
        }
    }

    /// <summary>Writes the deferred output of finished continuations, unless the user decides when to write.</summary>
    public void Flush()
    {
        if (settings.WriteMode == WriteMode.Balanced && !IsHere)
        {
            Write();
        }
    }

    /// <summary>Acts as if each continuation took long when no timed one has returned since the last round. Called by the
    /// watcher.</summary>
    /// <remarks>
    /// From then on the blocked ones write their own output. The watcher forgets them once nothing waits behind them.
    /// </remarks>
    public void OnRound()
    {
        bool isWatched;
        bool areHeldUp;
        using (_gate.Hold())
        {
            int taken = unchecked(_taken + Volatile.Read(ref _ahead));
            areHeldUp = (_running > 0 || _first is not null) && taken == _takenAtRound;
            isWatched = _isWatched = _first is not null || (_running > 0 && !areHeldUp);
            _takenAtRound = taken;
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

    private void Write()
    {
        try
        {
            owner.FlushDeferred();
        }
        catch (Exception exception)
        {
            // Contain the error, because the thread is shared.
            FairleadEventSource.Log.Contained(pump.Name, exception.ToString());
        }
    }

    /// <summary>Runs on a pool thread.</summary>
    void IThreadPoolWorkItem.Execute() => Run();

    /// <summary>Continues on another thread, because the one that runs the continuations is busy or blocked.</summary>
    private void GoOn()
    {
        if (HasMore)
        {
            PoolWork.Queue(this);
        }

        pump.BusyPoll.EndPromise();
        Write();
    }

    private void Run()
    {
        Continuations? outer = _here;
        int outerSince = _hereSince;
        bool wereBrief = _areBriefHere;
        _here = this;
        _hereSince = Volatile.Read(ref _heldUp);
        _areBriefHere = false;
        bool runs = false;
        if (pump.BusyPoll.HasPromised)
        {
            _aheadSince = 0;
        }

        try
        {
            // Reading the clock costs as much as a short continuation. If nothing waits behind a continuation, its duration does not
            // matter. If those before it were brief, not every one is timed; the watcher bounds how long a group of them may take.
            long start = 0;
            int run = 0;
            int timed = 0;
            bool isProgress = true;
            while (Take(ref runs, isProgress) is { } operation)
            {
                if (start == 0 && HasMore)
                {
                    start = Stopwatch.GetTimestamp();
                }

                Completions.Signal(operation, inline: true);
                run++;
                isProgress = start == 0 || run >= timed;
                if (start == 0 || run < timed)
                {
                    continue;
                }

                long now = Stopwatch.GetTimestamp();
                _areBriefHere = now - start < run * BriefSpan;
                timed = _areBriefHere ? run + Untimed : 0;
                if (now - start > LongSpan)
                {
                    if (run < ManyBrief)
                    {
                        GoOn();
                    }
                    else
                    {
                        Write();
                    }

                    start = now;
                    run = timed = 0;
                }
            }
        }
        finally
        {
            _here = outer;
            _hereSince = outerSince;
            _areBriefHere = wereBrief;
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

    /// <param name="runs">Whether this thread counts as running continuations.</param>
    /// <param name="isProgress">Whether the one before was timed, or none was: shows the watcher that this thread is not held up.</param>
    private Operation? Take(ref bool runs, bool isProgress)
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
            _taken += isProgress ? 1 : 0;
            return operation;
        }
    }
}
