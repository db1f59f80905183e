using System.Diagnostics;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>
/// Waiting for peers that share memory, whose messages come without a word to the poll set. A leader looks at the memory for a moment; then
/// it sleeps on the memory itself where there is one such peer and nobody else, while the reactor watches the poll set in its place; else
/// in the poll set, behind the doorbells. A thread of the reactor that has served asynchronous callers of such a peer stays: it sleeps on
/// the memory, too, and takes the next turn from there.
/// </summary>
/// <remarks>
/// Under the endpoint's gate: who looks, who stays, which links were lost meanwhile, how often the memory was read without a turn. The
/// leader's: whether looking is worth while, and when
/// the poll set is to be looked at again. Who sleeps is seen by all.
/// </remarks>
internal sealed class MemoryWaiter(EndpointCore endpoint, Pump pump)
{
    private const int LooksPerTime = 64;

    /// <summary>
    /// The first looks are made without a pause between them, which would cost more than they: some hundred nanoseconds, in which a peer
    /// that runs has answered.
    /// </summary>
    private const int HastyLooks = 256;
    private const int TurnsPerPoll = 64;

    /// <summary>After so many messages taken without a turn, the poll set is due: a new peer may wait to be accepted.</summary>
    private const int PullsPerPoll = 1024;

    /// <summary>What looking at the memory may cost before sleeping: about what a wake-up costs on both sides.</summary>
    public static readonly long SpinSpan = Stopwatch.Frequency / 20_000;

    /// <summary>A wait that was over within this time makes the next one begin with looking.</summary>
    public static readonly long SoonSpan = 2 * SpinSpan;

    private static readonly bool HasOneProcessor = Environment.ProcessorCount == 1;

    private readonly List<Link> _lost = [];
    private Func<bool>? _mayNotSleep;
    private Link? _alone;
    private int _lookers;
    private MemorySleep? _parked;
    private volatile bool _isWoken;
    private int _unpolledTurns;
    private int _pulls;

    // Who stays, and where; 0: nobody.
    private int _stay;
    private int _stays;
    private MemorySleep? _stayedAt;

    /// <summary>The one peer there is, where it shares memory. Any thread; set under the gate.</summary>
    public Link? Alone
    {
        get => Volatile.Read(ref _alone);
        set => Volatile.Write(ref _alone, value);
    }

    /// <summary>Whether there is one peer, which shares memory.</summary>
    public bool IsAlone => Alone is not null;

    /// <summary>Whether the last wait was over soon, so that the next begins with looking.</summary>
    public bool IsSoon { get; set; } = true;

    /// <summary>Whether the leader waits for a message, and not for an answer.</summary>
    public bool IsLedByReceiver { get; set; }

    /// <summary>Whether somebody stays, so that the reactor need not be armed again. Under the gate.</summary>
    public bool HasSomebodyStaying => _stay != 0;

    /// <summary>Threads that look at the memory without leading.</summary>
    public int Lookers => Volatile.Read(ref _lookers);

    /// <summary>Whether a wait begins with looking.</summary>
    public bool Looks => endpoint.Settings.Waiting switch
    {
        WaitStrategy.Efficient => false,
        WaitStrategy.Latency => true,
        _ => IsSoon,
    };

    /// <summary>
    /// Whether a caller may take the next message without a look at the poll set; it calls <see cref="CountPull"/>. Under the gate.
    /// </summary>
    public bool MayPullUnseen => ((_pulls + 1) & (PullsPerPoll - 1)) != 0;

    /// <summary>Waits for what comes through memory. By the leader.</summary>
    /// <returns>How long the poll set is to be waited on for the rest; null: not even looked at.</returns>
    public TimeSpan? Wait(TimeSpan timeout)
    {
        bool looks = Looks;
        if (HasArrived() || (looks && Look(timeout)))
        {
            IsSoon = true;
            return PollIfDue();
        }

        if (endpoint.Settings.Waiting == WaitStrategy.Latency)
        {
            return TimeSpan.Zero;
        }

        if (Alone is not { } link)
        {
            using (pump.Gate.Hold())
            {
                pump.Disarm();
            }

            return endpoint.Table.PrepareWait() ? timeout : TimeSpan.Zero;
        }

        link.Receiving.TellBeforeSleep();
        long start = Stopwatch.GetTimestamp();
        Park(link.Memory!.Sleep, timeout);
        IsSoon = Stopwatch.GetTimestamp() - start < (looks ? SoonSpan - SpinSpan : SoonSpan);
        return _isWoken ? TimeSpan.Zero : null;
    }

    /// <summary>
    /// How long the next turn, in which something comes through memory, is to look at the poll set: not at all, but now and then, or when
    /// somebody has asked for it. By the leader.
    /// </summary>
    public TimeSpan? PollIfDue() => _isWoken || ++_unpolledTurns >= TurnsPerPoll ? TimeSpan.Zero : null;

    /// <summary>The poll set is looked at. By the leader.</summary>
    public void NotePoll()
    {
        _unpolledTurns = 0;
        _isWoken = false;
    }

    /// <summary>Counts a message that a caller has taken without a turn. Under the gate.</summary>
    public void CountPull() => _pulls++;

    /// <summary>
    /// Counts an attempt to take something without a turn. False if the poll set is due, and has something: the next turn looks at it.
    /// Under the gate.
    /// </summary>
    public bool MayGoOn()
    {
        if ((++_pulls & (PullsPerPoll - 1)) != 0 || !pump.PollSet.HasEvents)
        {
            return true;
        }

        _unpolledTurns = TurnsPerPoll;
        return false;
    }

    /// <summary>
    /// Looks again and again, for as long as a wake-up would cost. True when something has come, the poll set is to be looked at, or
    /// somebody else has completed the call. Throws nothing.
    /// </summary>
    public bool Look(TimeSpan timeout, LinkOperation? call = null)
    {
        // Who has just woken the peer may stand on the very processor that it was put on: makes room instead of spinning.
        bool yields = HasOneProcessor;
        foreach (Link link in endpoint.Table.Announcing)
        {
            yields |= link.Reader.MayShareProcessor(withReaders: endpoint.Settings.Waiting != WaitStrategy.Latency);
        }

        // The clock is looked at when the first looks were in vain: reading it costs as much as several of them.
        long end = 0;
        long now;
        int hasty = yields ? 0 : HastyLooks;
        do
        {
            for (int i = -hasty; i < LooksPerTime; i++)
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

            // An answer of a peer that runs has come by now. From here on whoever else wants the processor gets it.
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

    /// <summary>
    /// Before an asynchronous wait. Who has just woken the peer may stand on the very processor that it was put on: lets it answer first,
    /// which is sooner than all that the wait takes. False: nobody was woken.
    /// </summary>
    public bool TryMakeRoom()
    {
        if (Alone is not { } link
            || endpoint.Settings.Waiting == WaitStrategy.Efficient
            || !link.Reader.MayShareProcessor(withReaders: false))
        {
            return false;
        }

        Thread.Yield();
        return true;
    }

    /// <summary>
    /// By a thread that does not lead, before it looks: until <see cref="EndLook"/> no memory goes away while it is looked at. False:
    /// somebody leads, or is to. A link that is lost meanwhile is given back behind that look.
    /// </summary>
    public bool TryBeginLook(int me)
    {
        using (pump.Gate.Hold(me))
        {
            if (!pump.MayPull)
            {
                return false;
            }

            _lookers++;
            return true;
        }
    }

    /// <summary>Under the gate.</summary>
    public void EndLook()
    {
        if (--_lookers == 0 && _lost.Count > 0)
        {
            Link[] lost = [.. _lost];
            _lost.Clear();
            ThreadPool.UnsafeQueueUserWorkItem(
                static lost => Array.ForEach(lost, static link => link.GiveBack()), lost, preferLocal: false);
        }
    }

    /// <summary>Gives back what a link had that has gone down, when nobody looks at it any more.</summary>
    public void GiveBack(Link link)
    {
        using (pump.Gate.Hold())
        {
            if (_lookers > 0)
            {
                _lost.Add(link);
                return;
            }
        }

        link.GiveBack();
    }

    /// <summary>The leader is to look at the poll set. Under the gate.</summary>
    public void Unpark()
    {
        _isWoken = true;
        Volatile.Read(ref _parked)?.Unpark();
    }

    /// <summary>By a thread of the reactor behind a turn: whether it has stayed, and taken the next one.</summary>
    public bool Stay()
    {
        MemorySleep sleep;
        int mine;
        using (pump.Gate.Hold())
        {
            if (_stay != 0 || pump.IsLed || pump.IsWanted || !pump.IsArmed || pump.Awaited.Callers == 0
                || endpoint.IsClosing || endpoint.Life.IsTornDown || Alone is not { } link)
            {
                return false;
            }

            // Announced when the poll set was armed, and looked at behind that: what has come since has taken it back.
            sleep = link.Memory!.Sleep;
            if (!sleep.TryStay())
            {
                return false;
            }

            _stays = Math.Max(1, unchecked(_stays + 1));
            mine = _stay = _stays;
            _stayedAt = sleep;
        }

        sleep.Stay();
        bool leads;
        using (pump.Gate.Hold())
        {
            leads = _stay == mine;
            if (leads)
            {
                _stay = 0;
                _stayedAt = null;

                // Free: whoever else had taken the role would have dismissed this thread.
                leads = pump.TryLead();
            }
        }

        // Dismissed before it slept, it may have slept beside one who was announced later, and been woken instead.
        sleep.EndStay(passesOn: !leads);
        if (!leads)
        {
            return false;
        }

        pump.Polling.Serve(leads, Completions.Rent(), ++_unpolledTurns >= TurnsPerPoll ? TimeSpan.Zero : null);
        return true;
    }

    /// <summary>Somebody else leads, or takes what lies in the memory. Under the gate.</summary>
    public void Dismiss()
    {
        if (_stay != 0)
        {
            _stay = 0;
            _stayedAt!.Unpark();
            _stayedAt = null;
        }
    }

    /// <summary>Somebody had armed the reactor, for as long as no user is here. Under the gate.</summary>
    public void StopRinging(MemorySleep sleep)
    {
        if (pump.IsArmed && sleep.IsAnnounced)
        {
            Dismiss();
            sleep.EndWait();
        }
    }

    private bool HasArrived()
    {
        foreach (Link link in endpoint.Table.Announcing)
        {
            if (link.Reader.HasArrived)
            {
                return true;
            }
        }

        return false;
    }

    private void Park(MemorySleep sleep, TimeSpan timeout)
    {
        using (pump.Gate.Hold())
        {
            // No bell is rung for a sleeper on the memory: what comes at the poll set is the peer's end, somebody new, or a call to wake.
            if (!pump.Watch())
            {
                return;
            }

            Volatile.Write(ref _parked, sleep);
        }

        try
        {
            sleep.Park(timeout, _mayNotSleep ??= () => _isWoken);
        }
        finally
        {
            Volatile.Write(ref _parked, null);
        }
    }
}
