using System.Diagnostics;
using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <summary>
/// How a thread polls for asynchronous callers before the reactor waits for them: the thread of a receive, or a reactor thread behind an
/// iteration. Where messages follow each other closely the next one arrives sooner than the reactor can be armed and woken.
/// </summary>
/// <remarks>
/// Owns which reactor thread has promised to arm, under the endpoint's gate, and what polling was good for before, which are hints: a value
/// more or less costs a poll. With <see cref="WaitStrategy.Efficient"/> no thread polls.
/// </remarks>
internal sealed class BusyPoll(EndpointCore endpoint, Pump pump)
{
    /// <summary>
    /// Threads of this process that may poll for asynchronous callers at the same time. The other busy endpoints wait in the reactor, and
    /// use no processor meanwhile.
    /// </summary>
    private static readonly int MostPolling = Math.Max(1, Environment.ProcessorCount / 2);
    private static int _polling;

    // The one for which this thread serves at this moment.
    [ThreadStatic]
    private static BusyPoll? _serving;

    // The reactor thread that runs continuations here, and arms behind them; 0: none.
    private int _promisedBy;

    // When an asynchronous receive last found nothing here, and when a reactor thread last finished an iteration.
    private long _lastReceive;
    private long _lastServed;

    // Whether a receive has polled since the last iteration.
    private bool _hasJustPolled;

    private Backoff _pollSetPolls;

    /// <summary>Whether a reactor thread is in <see cref="Serve"/>, and arms at its end: until then nobody does. Under the gate.</summary>
    public bool IsPromised => _promisedBy != 0;

    /// <summary>Whether the last iterations followed each other closely, with all that callers did in between.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>Memory that one peer shares, or a poll set without anything that would have to be announced.</summary>
    private bool IsPollable => pump.Memory.IsAlone || endpoint.Table.Announcing.Length == 0;

    /// <summary>
    /// Takes the role for a moment before an asynchronous receive waits, if its thread is to poll the memory itself.
    /// </summary>
    public bool TryLeadForReceive() => pump.Memory.IsAlone && TryBegin(ref _lastReceive, others: false);

    /// <summary>Polls the memory for a moment once the receive is queued, and gives the role back.</summary>
    public void LeadForReceive(Operation operation)
    {
        using PumpRole role = new(pump, Completions.Rent(), isReactor: false);
        try
        {
            pump.Memory.IsLedByReceiver = true;
            if (!operation.IsClaimed)
            {
                role.YieldFor(operation);
                _hasJustPolled = !operation.IsClaimed;
            }
        }
        finally
        {
            pump.Memory.IsLedByReceiver = false;
            End();
        }
    }

    /// <summary>Behind <see cref="TryLeadForReceive"/>, once.</summary>
    public static void End() => Interlocked.Decrement(ref _polling);

    /// <summary>
    /// This thread is about to run continuations. Within <see cref="Serve"/> it arms behind them: arming for each of them, only to poll a
    /// moment later, costs more than they do, and makes the peer ring for each message.
    /// </summary>
    public void Promise()
    {
        if (_serving != this)
        {
            return;
        }

        using (pump.Gate.Hold())
        {
            _promisedBy = NativeThread.ManagedId;
        }
    }

    /// <summary>
    /// The continuations take their time, or are through: the reactor waits, if anything is awaited. Any thread, with no lock held.
    /// </summary>
    public void EndPromise()
    {
        Operation? next;
        using (pump.Gate.Hold())
        {
            _promisedBy = 0;
            next = pump.IsLed || endpoint.Life.IsTornDown ? null : pump.FindNext(isReactor: true);
        }

        next?.Nudge();
    }

    /// <summary>
    /// Runs an iteration, goes on while more arrives soon, and then keeps the promise to arm, if there is one. By a reactor thread.
    /// </summary>
    /// <param name="leads">Whether it has the role; else there is no iteration, but what arrives soon is served.</param>
    /// <param name="completions">Given back here.</param>
    /// <param name="poll">As of <see cref="Pump.Serve"/>.</param>
    public void Serve(bool leads, Completions completions, TimeSpan? poll)
    {
        _serving = this;
        try
        {
            using (PumpRole role = new(leads ? pump : null, completions, isReactor: true))
            {
                role.Serve(poll);
            }

            while (TryServe())
            {
            }
        }
        finally
        {
            _serving = null;
            if (Volatile.Read(ref _promisedBy) == NativeThread.ManagedId)
            {
                EndPromise();
            }
        }
    }

    /// <summary>Polls for a moment. Whether it has run an iteration.</summary>
    private bool TryServe()
    {
        if (_hasJustPolled)
        {
            _hasJustPolled = false;
            return false;
        }

        Completions completions = Completions.Rent();
        long last = _lastServed;
        bool leads = IsPollable && TryBegin(ref _lastServed, others: true);
        IsBusy = _lastServed - last < MemoryWaiter.SoonSpan;
        using PumpRole role = new(leads ? pump : null, completions, isReactor: true);
        if (!leads)
        {
            return false;
        }

        TimeSpan? poll = TimeSpan.Zero;
        bool hasArrived;
        try
        {
            if (pump.Memory.IsAlone)
            {
                hasArrived = pump.Memory.Look(Timeout.InfiniteTimeSpan);
                poll = hasArrived ? pump.Memory.PollIfDue() : null;
            }
            else
            {
                hasArrived = PollDescriptors();
            }
        }
        finally
        {
            End();
        }

        if (hasArrived)
        {
            role.Serve(poll);
        }

        return hasArrived;
    }

    /// <summary>Takes the role to poll, where the time since the last such attempt says that polling pays.</summary>
    private bool TryBegin(ref long last, bool others)
    {
        // Reading the clock costs as much as all that follows.
        if (endpoint.Settings.Waiting == WaitStrategy.Efficient || pump.Awaited.Callers > 0 != others)
        {
            return false;
        }

        long now = Stopwatch.GetTimestamp();
        bool isSoon = now - last < MemoryWaiter.SoonSpan;
        last = now;
        if ((!isSoon && endpoint.Settings.Waiting != WaitStrategy.Latency) || (!pump.Memory.IsAlone && _pollSetPolls.Skips()))
        {
            return false;
        }

        bool leads = false;
        try
        {
            leads = Interlocked.Increment(ref _polling) <= MostPolling && pump.Callers.TryLeadAlone(others);
        }
        finally
        {
            if (!leads)
            {
                End();
            }
        }

        return leads;
    }

    /// <summary>Polls the poll set for as long as a wake-up would cost, and lets other threads have the processor in between.</summary>
    private bool PollDescriptors()
    {
        long start = Stopwatch.GetTimestamp();
        while (!pump.PollSet.HasEvents)
        {
            if (Stopwatch.GetTimestamp() - start > MemoryWaiter.SpinSpan)
            {
                _pollSetPolls.Note(hasPaid: false);
                return false;
            }

            Thread.Yield();
        }

        _pollSetPolls.Note(hasPaid: true);
        return true;
    }
}
