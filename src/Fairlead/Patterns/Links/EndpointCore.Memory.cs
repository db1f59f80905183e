using System.Diagnostics;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>
/// Waiting for peers that share memory, whose messages come without a word to the poll set. A leader looks at the memory for a moment; then it sleeps on the memory itself where there is one
/// such peer and nobody else, while the reactor watches the poll set in its place; else in the poll set, behind the doorbells.
/// </content>
internal sealed partial class EndpointCore
{
    /// <summary>What looking at the memory may cost before sleeping: about what a wake-up costs on both sides.</summary>
    private static readonly long SpinSpan = Stopwatch.Frequency / 20_000;

    /// <summary>A wait that was over within this time makes the next one begin with looking.</summary>
    private static readonly long SoonSpan = 2 * SpinSpan;

    private static readonly bool HasOneProcessor = Environment.ProcessorCount == 1;

    private const int LooksPerTime = 64;

    /// <summary>The first looks are made without a pause between them, which would cost more than they: some hundred nanoseconds, in which a peer that runs has answered.</summary>
    private const int HastyLooks = 256;
    private const int TurnsPerPoll = 64;

    private Func<bool>? _mayNotSleep;
    private readonly List<Link> _lost = [];
    private Link? _memoryAlone;
    private int _lookers;
    private MemorySleep? _parked;
    private volatile bool _isWoken;
    private bool _isSoon = true;
    private int _unpolledTurns;

    private bool HasMemoryAlone => MemoryAlone is not null;

    /// <summary>The one peer there is, where it shares memory. Any thread.</summary>
    private Link? MemoryAlone => Volatile.Read(ref _memoryAlone);

    /// <summary>Waits for what comes through memory. Returns how long the poll set is to be waited on for the rest; null: not even looked at.</summary>
    private TimeSpan? AwaitMemory(TimeSpan timeout)
    {
        bool looks = Looks;
        if (HasArrivedInMemory() || (looks && LookAtMemory(timeout)))
        {
            _isSoon = true;
            return PollIfDue();
        }

        if (Settings.Waiting == WaitMode.Latency)
        {
            return TimeSpan.Zero;
        }

        if (!HasMemoryAlone)
        {
            using (_gate.Hold())
            {
                Disarm();
            }

            return PrepareWait() ? timeout : TimeSpan.Zero;
        }

        _announcing[0].TellBeforeSleep();
        long start = Stopwatch.GetTimestamp();
        Park(_announcing[0].Memory!.Sleep, timeout);
        _isSoon = Stopwatch.GetTimestamp() - start < (looks ? SoonSpan - SpinSpan : SoonSpan);
        return _isWoken ? TimeSpan.Zero : null;
    }

    /// <summary>How long the next turn, in which something comes through memory, is to look at the poll set: not at all, but now and then, or when somebody has asked for it.</summary>
    private TimeSpan? PollIfDue() => _isWoken || ++_unpolledTurns >= TurnsPerPoll ? TimeSpan.Zero : null;

    private bool Looks => Settings.Waiting switch
    {
        WaitMode.Efficient => false,
        WaitMode.Latency => true,
        _ => _isSoon,
    };

    private bool HasArrivedInMemory()
    {
        foreach (Link link in _announcing)
        {
            if (link.HasArrived)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>True when something has come, the poll set is to be looked at, or somebody else has completed the call.</summary>
    private bool LookAtMemory(TimeSpan timeout, LinkOperation? call = null)
    {
        // Who has just woken the peer may stand on the very processor that it was put on: makes room instead of spinning.
        bool yields = HasOneProcessor;
        foreach (Link link in _announcing)
        {
            yields |= link.MayShareProcessor(withReaders: Settings.Waiting != WaitMode.Latency);
        }

        // The clock is looked at when the first looks were in vain: reading it costs as much as several of them.
        long end = 0;
        long now;
        int hasty = yields ? 0 : HastyLooks;
        do
        {
            for (int i = -hasty; i < LooksPerTime; i++)
            {
                if (HasArrivedInMemory() || _isWoken || call is { IsClaimed: true })
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
                end = now + (timeout == Timeout.InfiniteTimeSpan ? SpinSpan : Math.Min(SpinSpan, (long)(timeout.TotalSeconds * Stopwatch.Frequency)));
            }
        }
        while (now < end);
        return false;
    }

    /// <summary>
    /// Before an asynchronous wait. Who has just woken the peer may stand on the very processor that it was put on: lets it answer first, which is sooner than all that the wait takes. False: nobody was woken.
    /// </summary>
    private bool TryMakeRoom()
    {
        if (MemoryAlone is not { } link || Settings.Waiting == WaitMode.Efficient || !link.MayShareProcessor(withReaders: false))
        {
            return false;
        }

        Thread.Yield();
        return true;
    }

    /// <summary>
    /// By one who does not lead, before he looks: until <see cref="EndLook"/> no memory goes away under his eyes. False: somebody leads, or is to. A link that is lost meanwhile is given back behind his back.
    /// </summary>
    private bool TryBeginLook(int me)
    {
        using (_gate.Hold(me))
        {
            if (!MayPull)
            {
                return false;
            }

            _lookers++;
            return true;
        }
    }

    /// <summary>Under the gate.</summary>
    private void EndLook()
    {
        if (--_lookers == 0 && _lost.Count > 0)
        {
            Link[] lost = [.. _lost];
            _lost.Clear();
            ThreadPool.UnsafeQueueUserWorkItem(static lost => Array.ForEach(lost, static link => link.GiveBack()), lost, preferLocal: false);
        }
    }

    /// <summary>Gives back what a link had that has gone down, when nobody looks at it any more.</summary>
    public void GiveBack(Link link)
    {
        using (_gate.Hold())
        {
            if (_lookers > 0)
            {
                _lost.Add(link);
                return;
            }
        }

        link.GiveBack();
    }

    private void Park(MemorySleep sleep, TimeSpan timeout)
    {
        using (_gate.Hold())
        {
            if (IsTornDown || _registration is null)
            {
                return;
            }

            if (!_isArmed)
            {
                // No bell is rung for a sleeper on the memory: what comes here is the peer's end, somebody new, or a call to wake.
                _isArmed = _registration.Arm(PollEvents.Read);
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

    /// <summary>The leader is to look at the poll set. Under the gate.</summary>
    private void Unpark()
    {
        _isWoken = true;
        Volatile.Read(ref _parked)?.Unpark();
    }
}
