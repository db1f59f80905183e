using System.Diagnostics;
using Fairlead.Native.Waiting;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Pumping;

/// <summary>Lets a thread poll for asynchronous callers before the reactor waits for them.</summary>
/// <remarks>
/// <para>
/// The polling thread is that of a receive, or a reactor thread after an iteration. When messages follow each other closely, the next one
/// arrives before the reactor could be armed and woken.
/// </para>
/// <para>
/// Owns which reactor thread has promised to arm, under the endpoint's gate. Also owns the results of earlier polling, which are hints: a
/// wrong value costs one poll. With <see cref="WaitStrategy.Efficient"/> no thread polls.
/// </para>
/// </remarks>
internal sealed class BusyPoll(IPumpOwner owner, EndpointSettings settings, EndpointLife life, Pump pump)
{
    /// <summary>The most threads of this process that poll for asynchronous callers at the same time.</summary>
    /// <remarks>Other busy endpoints wait in the reactor and use no CPU meanwhile.</remarks>
    private static readonly int MostPolling = Math.Max(1, Environment.ProcessorCount / 2);
    private static int _polling;

    /// <summary>Within this time since the last iteration, messages may still come as closely as before.</summary>
    /// <remarks>Both ends were woken meanwhile. If that alone ended the polling, the next wait would be a sleep again.</remarks>
    private static readonly long PauseSpan = 8 * MemoryWaiter.SpinSpan;

    /// <summary>A poll set is polled for at most this many times as long as the iteration before took.</summary>
    /// <remarks>The peers, which have just got what it sent, mostly need about as long for that, and a wake-up.</remarks>
    private const int MostOfWork = 2;

    /// <summary>The longest poll of a poll set.</summary>
    private static readonly long LongestSpan = 4 * MemoryWaiter.SpinSpan;

    /// <summary>After so many failed polls in a row, only messages that come more closely make a thread poll again.</summary>
    private const int MostFailed = 4;

    // The instance for which this thread is serving now.
    [ThreadStatic]
    private static BusyPoll? _serving;

    // The reactor thread that runs continuations here and arms after them; 0 if there is none.
    private int _promisedBy;

    // When an asynchronous receive last found nothing here, and when a reactor thread last finished an iteration.
    private long _lastReceive;
    private long _lastServed;

    // When the last iteration of a reactor thread began, unless there is memory to poll.
    private long _begun;

    // How many polls of the memory by reactor threads have failed in a row.
    private int _failed;

    // Whether a receive has polled since the last iteration.
    private bool _hasJustPolled;

    private Backoff _pollSetPolls;

    /// <summary>Whether a reactor thread in <see cref="Serve"/> will arm at its end. Until then no other thread arms. Under the
    /// gate.</summary>
    public bool IsPromised => _promisedBy != 0;

    /// <summary>Whether this thread has promised to arm.</summary>
    public bool HasPromised => Volatile.Read(ref _promisedBy) is not 0 and int thread && thread == NativeThread.ManagedId;

    /// <summary>Whether the last iterations followed each other closely, including all that callers did in between.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>Whether polling may pay although the last iteration ended some time ago, because both ends had to be woken
    /// meanwhile.</summary>
    private bool PaysAfterPause => pump.MemoryWaiter.IsAlone ? _failed < MostFailed : PollSetSpan > MemoryWaiter.SpinSpan;

    /// <summary>How long the poll set may be polled after the last iteration.</summary>
    private long PollSetSpan => SpanAfter(_lastServed - _begun);

    /// <summary>Whether there is memory shared with one peer, or a poll set whose waits need no announcement.</summary>
    private bool IsPollable => pump.MemoryWaiter.IsAlone || pump.MemoryWaiter.Announcing.Length == 0;

    /// <summary>Takes the role for one poll before an asynchronous receive waits, if its thread should poll the memory itself.</summary>
    public bool TryLeadForReceive() => pump.MemoryWaiter.IsAlone && TryBegin(ref _lastReceive, others: false);

    /// <summary>Polls the memory for up to 50 µs once the receive is queued, and gives the role back.</summary>
    public void LeadForReceive(Operation operation)
    {
        using PumpRole role = new(pump, Completions.Rent(), isReactor: false);
        try
        {
            pump.MemoryWaiter.IsLedByReceiver = true;
            if (!operation.IsClaimed)
            {
                owner.FlushDeferred();
                role.YieldFor(operation);
                _hasJustPolled = !operation.IsClaimed;
            }
        }
        finally
        {
            pump.MemoryWaiter.IsLedByReceiver = false;
            End();
        }
    }

    /// <summary>Returns how long a poll set may be polled after an iteration of this duration, with all that callers did in it.</summary>
    public static long SpanAfter(long worked) => Math.Clamp(MostOfWork * worked, MemoryWaiter.SpinSpan, LongestSpan);

    /// <summary>Ends polling. Called once after <see cref="TryLeadForReceive"/>.</summary>
    public static void End() => Interlocked.Decrement(ref _polling);

    /// <summary>Promises to arm the reactor after the continuations that this thread is about to run, if it is in
    /// <see cref="Serve"/>.</summary>
    /// <remarks>
    /// Arming for each continuation and polling a moment later costs more than the continuations. It would also make the peer ring the
    /// doorbell for each message.
    /// </remarks>
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

    /// <summary>Arms the reactor if any event is awaited, because the continuations take long or have ended.</summary>
    /// <remarks>Any thread, with no lock held.</remarks>
    public void EndPromise()
    {
        Operation? next;
        using (pump.Gate.Hold())
        {
            _promisedBy = 0;
            next = pump.IsLed || life.IsTornDown ? null : pump.FindNext(isReactor: true);
        }

        next?.Wake();
    }

    /// <summary>Runs an iteration, continues while more arrives soon, and then keeps a promise to arm. Called by a reactor
    /// thread.</summary>
    /// <param name="leads">Whether the thread has the role. Without it, this only serves what arrives soon.</param>
    /// <param name="completions">The completions, which are returned here.</param>
    /// <param name="poll">The same as in <see cref="Pump.Serve"/>.</param>
    public void Serve(bool leads, Completions completions, TimeSpan? poll)
    {
        _serving = this;
        try
        {
            using (PumpRole role = new(leads ? pump : null, completions, isReactor: true))
            {
                Run(role, poll);
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

    /// <summary>Polls briefly. Returns whether it has run an iteration.</summary>
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
            if (pump.MemoryWaiter.IsAlone)
            {
                hasArrived = pump.MemoryWaiter.Poll(Timeout.InfiniteTimeSpan);
                _failed = hasArrived ? 0 : Math.Min(_failed + 1, MostFailed);
                poll = hasArrived ? pump.MemoryWaiter.PollIfDue() : null;
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
            Run(role, poll);
        }

        return hasArrived;
    }

    /// <summary>Takes the role to poll, if the time since the last such attempt suggests that polling pays.</summary>
    private bool TryBegin(ref long last, bool others)
    {
        // Reading the clock costs as much as all that follows.
        if (settings.WaitStrategy == WaitStrategy.Efficient || pump.AwaitedEvents.Callers > 0 != others)
        {
            return false;
        }

        long now = Stopwatch.GetTimestamp();
        long since = now - last;
        last = now;
        bool isSoon = since < (others && PaysAfterPause ? PauseSpan : MemoryWaiter.SoonSpan);
        if ((!isSoon && settings.WaitStrategy != WaitStrategy.Latency) || (!pump.MemoryWaiter.IsAlone && _pollSetPolls.Skips()))
        {
            return false;
        }

        bool leads = false;
        try
        {
            leads = Interlocked.Increment(ref _polling) <= MostPolling && pump.CallerWaits.TryLeadAlone(others);
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

    /// <summary>Runs an iteration, whose duration bounds the next poll of the poll set.</summary>
    private void Run(in PumpRole role, TimeSpan? poll)
    {
        if (!pump.MemoryWaiter.IsAlone)
        {
            _begun = Stopwatch.GetTimestamp();
        }

        role.Serve(poll);
    }

    /// <summary>Polls the poll set for as long as a wake-up would cost, or the peers need, and yields the CPU in between.</summary>
    private bool PollDescriptors()
    {
        long start = _lastServed;
        long span = PollSetSpan;
        while (!pump.PollSet.HasEvents)
        {
            if (Stopwatch.GetTimestamp() - start > span)
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
