using System.Diagnostics;
using Fairlead.Native;
using Fairlead.Native.Waiting;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Pumping;

/// <summary>Waits for peers that share memory, whose messages the poll set does not report.</summary>
/// <remarks>
/// <para>
/// A leader polls the memory briefly and then sleeps. With a single peer that shares memory and no other work, it sleeps on the memory
/// itself, and the reactor watches the poll set in its place. Otherwise it sleeps in the poll set, which the doorbells wake. A reactor
/// thread that has served asynchronous callers of such a peer parks: it also sleeps on the memory, and runs the next iteration from there.
/// </para>
/// <para>
/// Under the endpoint's gate: which threads poll, which one is parked, the links lost meanwhile, and the number of reads without an
/// iteration. The leader owns whether polling pays and when to check the poll set again. Any thread may read which thread sleeps.
/// </para>
/// </remarks>
internal sealed partial class MemoryWaiter(EndpointSettings settings, EndpointLife life, Pump pump)
{
    private const int PollsPerTime = 64;

    /// <summary>The first polls, made without pauses, which would cost more than the polls themselves.</summary>
    /// <remarks>They take several hundred nanoseconds, within which a running peer answers.</remarks>
    private const int Spins = 256;
    private const int TurnsPerPoll = 64;

    /// <summary>After this many messages taken without an iteration, the poll set is due: a new peer may wait to be accepted.</summary>
    private const int ReceivesPerPoll = 1024;

    /// <summary>The longest time to poll the memory before sleeping: about the cost of a wake-up on both sides.</summary>
    public static readonly long SpinSpan = Stopwatch.Frequency / 20_000;

    /// <summary>If a wait ended within this time, the next wait begins with polling.</summary>
    public static readonly long SoonSpan = 2 * SpinSpan;

    private static readonly bool HasOneProcessor = Environment.ProcessorCount == 1;

    private readonly List<WaitedMemory> _lost = [];
    private Func<bool>? _mayNotSleep;
    private WaitedMemory[] _announcing = [];
    private WaitedMemory? _alone;
    private int _lookers;
    private MemorySleep? _parked;
    private volatile bool _isWoken;
    private int _unpolledTurns;
    private int _receives;

    // The parked thread's number and the memory it sleeps on; 0 if no thread is parked.
    private int _parking;
    private int _stays;
    private MemorySleep? _stayedAt;

    /// <summary>The memory of peers that must learn of a sleep. Any thread; set under the gate, and never changed.</summary>
    public WaitedMemory[] Announcing
    {
        get => Volatile.Read(ref _announcing);
        set => Volatile.Write(ref _announcing, value);
    }

    /// <summary>The memory of the only peer, if it shares memory. Any thread; set under the gate.</summary>
    public WaitedMemory? Alone
    {
        get => Volatile.Read(ref _alone);
        set => Volatile.Write(ref _alone, value);
    }

    /// <summary>Whether there is a single peer, which shares memory.</summary>
    public bool IsAlone => Alone is not null;

    /// <summary>Whether the last wait was short, so that the next one begins with polling.</summary>
    public bool IsSoon { get; set; } = true;

    /// <summary>Whether the leader waits for a message, and not for an answer.</summary>
    public bool IsLedByReceiver { get; set; }

    /// <summary>Whether a thread is parked, which makes arming the reactor unnecessary. Under the gate.</summary>
    public bool HasSomebodyStaying => _parking != 0;

    /// <summary>The number of threads that poll the memory without leading.</summary>
    public int Lookers => Volatile.Read(ref _lookers);

    /// <summary>Whether a wait begins with polling.</summary>
    public bool Polls => settings.WaitStrategy switch
    {
        WaitStrategy.Efficient => false,
        WaitStrategy.Latency => true,
        _ => IsSoon,
    };

    /// <summary>Whether a caller may take the next message without checking the poll set. It calls <see cref="CountReceive"/>.</summary>
    /// <remarks>Under the gate.</remarks>
    public bool MayReceiveUnseen => ((_receives + 1) & (ReceivesPerPoll - 1)) != 0;

    /// <summary>Waits for messages in memory. Called by the leader.</summary>
    /// <returns>How long to wait on the poll set afterwards; null means not to check it at all.</returns>
    public TimeSpan? Wait(TimeSpan timeout)
    {
        bool looks = Polls;
        if (HasArrived() || (looks && Poll(timeout)))
        {
            IsSoon = true;
            return PollIfDue();
        }

        if (settings.WaitStrategy == WaitStrategy.Latency)
        {
            return TimeSpan.Zero;
        }

        if (Alone is not { } memory)
        {
            using (pump.Gate.Hold())
            {
                pump.Disarm();
            }

            return PrepareWait() ? timeout : TimeSpan.Zero;
        }

        memory.AcknowledgeBeforeSleep();
        long start = Stopwatch.GetTimestamp();
        Sleep(memory.Sleep, timeout);
        IsSoon = Stopwatch.GetTimestamp() - start < (looks ? SoonSpan - SpinSpan : SoonSpan);
        return _isWoken ? TimeSpan.Zero : null;
    }

    /// <summary>Returns how long the next iteration waits on the poll set when data has arrived in memory. Called by the leader.</summary>
    /// <remarks>Usually it does not check the poll set: only every few turns, or when a thread has asked for it.</remarks>
    public TimeSpan? PollIfDue() => _isWoken || ++_unpolledTurns >= TurnsPerPoll ? TimeSpan.Zero : null;

    /// <summary>Notes that the poll set is checked now. Called by the leader.</summary>
    public void NotePoll()
    {
        _unpolledTurns = 0;
        _isWoken = false;
    }

    /// <summary>Counts a message that a caller has taken without an iteration. Under the gate.</summary>
    public void CountReceive() => _receives++;

    /// <summary>Counts an attempt to take something without an iteration. Under the gate.</summary>
    /// <remarks>Returns false if the poll set is due and has events; the next iteration then checks it.</remarks>
    public bool MayGoOn()
    {
        if ((++_receives & (ReceivesPerPoll - 1)) != 0 || !pump.PollSet.HasEvents)
        {
            return true;
        }

        _unpolledTurns = TurnsPerPoll;
        return false;
    }

    /// <summary>Polls repeatedly, for as long as a wake-up would cost.</summary>
    /// <remarks>
    /// Returns true if data has arrived, the poll set needs a check, or another thread has completed the call. Throws no exception.
    /// </remarks>
    public bool Poll(TimeSpan timeout, Operation? call = null)
    {
        // If this thread has just woken the peer, the peer may be on the same CPU: yield instead of spinning.
        bool yields = HasOneProcessor;
        foreach (WaitedMemory memory in Announcing)
        {
            yields |= memory.MayShareProcessor(withReaders: settings.WaitStrategy != WaitStrategy.Latency);
        }

        // Read the clock only after the first polls have failed, because reading it costs as much as several of them.
        long end = 0;
        long now;
        int hasty = yields ? 0 : Spins;
        do
        {
            for (int i = -hasty; i < PollsPerTime; i++)
            {
                if (HasArrived() || _isWoken || call is { IsClaimed: true })
                {
                    return true;
                }

                if (yields)
                {
                    Thread.Yield();
                }
                else if (i >= 0)
                {
                    Processor.Pause();
                }
            }

            // A running peer has answered by now. From here on, other threads that want the CPU get it.
            yields = true;
            hasty = 0;
            now = Stopwatch.GetTimestamp();
            if (end == 0)
            {
                end = timeout == Timeout.InfiniteTimeSpan
                    ? now + SpinSpan
                    : now + Math.Min(SpinSpan, (long)(timeout.TotalSeconds * Stopwatch.Frequency));
            }
        }
        while (now < end);
        return false;
    }

    /// <summary>Yields before an asynchronous wait if the peer was woken, because it may be on the same CPU.</summary>
    /// <remarks>The peer's answer is then sooner than the whole wait would be. Returns false if no peer was woken.</remarks>
    public bool TryMakeRoom()
    {
        if (Alone is not { } memory
            || settings.WaitStrategy == WaitStrategy.Efficient
            || !memory.MayShareProcessor(withReaders: false))
        {
            return false;
        }

        Thread.Yield();
        return true;
    }

    /// <summary>Begins to poll without leading. Until <see cref="EndPoll"/>, no polled memory is released.</summary>
    /// <remarks>
    /// Returns false if a thread leads or is about to. The memory of a link lost during it is released when polling ends.
    /// </remarks>
    public bool TryBeginPoll(int me)
    {
        using (pump.Gate.Hold(me))
        {
            if (!pump.MayReceiveDirect)
            {
                return false;
            }

            _lookers++;
            return true;
        }
    }

    /// <summary>Ends polling. Under the gate.</summary>
    public void EndPoll()
    {
        if (--_lookers == 0 && _lost.Count > 0)
        {
            // One work item for each: an exception of one connection keeps no other open.
            _lost.ForEach(static lost => PoolWork.Queue("a link", static memory => memory.Release(), lost));
            _lost.Clear();
        }
    }

    /// <summary>Releases the memory of a link that has gone down, when no thread polls it any more.</summary>
    public void Release(WaitedMemory memory)
    {
        using (pump.Gate.Hold())
        {
            if (_lookers > 0)
            {
                _lost.Add(memory);
                return;
            }
        }

        memory.Release();
    }

    /// <summary>Announces a sleep to peers that must know of it. Returns false if data has already arrived.</summary>
    /// <remarks>Called by the leader, or under the gate while no thread leads.</remarks>
    public bool PrepareWait()
    {
        bool mayWait = true;
        foreach (WaitedMemory memory in Announcing)
        {
            try
            {
                mayWait &= memory.PrepareWait();
            }
            catch (Exception exception)
            {
                memory.Fail(exception);
                mayWait = false;
            }
        }

        return mayWait;
    }

    /// <summary>Withdraws the announcements. Called like <see cref="PrepareWait"/>.</summary>
    public void EndWait()
    {
        foreach (WaitedMemory memory in Announcing)
        {
            memory.EndWait();
        }
    }

    /// <summary>Makes the leader check the poll set. Under the gate.</summary>
    public void Unpark()
    {
        _isWoken = true;
        Volatile.Read(ref _parked)?.Unpark();
    }

    /// <summary>Withdraws the sleep announced with arming the reactor, for as long as a user call runs. Under the gate.</summary>
    public void StopRinging(MemorySleep sleep)
    {
        if (pump.IsArmed && sleep.IsAnnounced)
        {
            CancelWaiters();
            sleep.EndWait();
        }
    }

    private bool HasArrived()
    {
        foreach (WaitedMemory memory in Announcing)
        {
            if (memory.HasArrived)
            {
                return true;
            }
        }

        return false;
    }
}
