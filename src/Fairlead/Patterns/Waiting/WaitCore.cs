using Fairlead.Native;

namespace Fairlead.Patterns.Waiting;

/// <summary>
/// One poll set over the poll sets of endpoints, the user's descriptors, and a wake-up. The thread that waits leads the endpoints while it
/// sleeps, wherever nobody else does.
/// </summary>
/// <remarks>The gate is the innermost lock of all: whoever holds it calls nobody.</remarks>
internal sealed partial class WaitCore : IDisposable
{
    private const ulong WakeToken = 0;
    private const int EventsPerWait = 64;

    private readonly RankedLock _gate = new(LockRank.WaitSet);
    private readonly object _owner;
    private readonly PollSet _pollSet = new();
    private readonly EventDescriptor _wake = new();
    private readonly PollEvent[] _events = new PollEvent[EventsPerWait];
    private ReadyItem[] _found = new ReadyItem[16];
    private readonly List<EndpointItem> _led = [];
    private int _count;
    private int _isInUse;
    private volatile bool _isDisposed;
    private bool _isWoken;

    /// <param name="owner">Whose name errors bear.</param>
    public WaitCore(object owner)
    {
        _owner = owner;
        _pollSet.Add(_wake.Descriptor, WakeToken, PollEvents.Read);
    }

    /// <summary>
    /// What is ready, after at least one thing is, or nothing, when the time has passed or the set was woken. Valid until the next call.
    /// </summary>
    public ReadOnlySpan<ReadyItem> Wait(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline deadline = Deadline.After(timeout);
        Enter();
        try
        {
            using CancellationTokenRegistration registration = cancellationToken.CanBeCanceled
                ? cancellationToken.UnsafeRegister(static state => ((WaitCore)state!).Nudge(), this)
                : default;
            _count = 0;
            while (true)
            {
                Turn(PrepareRest(deadline));
                Collect();
                ThrowIfDisposed();
                if (_count > 0 || TakeWake())
                {
                    return _found.AsSpan(0, _count);
                }

                cancellationToken.ThrowIfCancellationRequested();
                if (deadline.Passed)
                {
                    return default;
                }
            }
        }
        finally
        {
            LeaveAll();
            Exit();
        }
    }

    /// <summary>Makes the wait, or else the next one, end without anything.</summary>
    public void Wake()
    {
        using (_gate.Hold())
        {
            _isWoken = true;
        }

        Nudge();
    }

    /// <summary>Ends the wait of another thread.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        Nudge();
        TearDownIfFree();
    }

    /// <summary>Takes the roles that are free, where the set is about to sleep, and says how long it may.</summary>
    private TimeSpan PrepareRest(Deadline deadline)
    {
        LeaveDetached();
        using (_gate.Hold())
        {
            _isRoleOffered = false;
            if (_listed.Count > 0 || _isWoken)
            {
                // Something is ready most likely: the others are only looked at.
                return TimeSpan.Zero;
            }
        }

        foreach (EndpointItem item in _endpoints)
        {
            if (!item.Leads && item.TryLead())
            {
                _led.Add(item);
            }
        }

        bool mayRest = true;
        foreach (EndpointItem item in _led)
        {
            mayRest &= item.Prepare();
        }

        TimeSpan rest = mayRest ? deadline.RemainingWait : TimeSpan.Zero;
        foreach (TimerItem timer in _timers)
        {
            TimeSpan untilThen = timer.Rest;
            rest = rest == Timeout.InfiniteTimeSpan || (untilThen != Timeout.InfiniteTimeSpan && untilThen < rest) ? untilThen : rest;
        }

        using (_gate.Hold())
        {
            if (_listed.Count > 0 || _isRoleOffered || _mustLook)
            {
                _mustLook = false;
                return TimeSpan.Zero;
            }

            _isAsleep = rest != TimeSpan.Zero;
            return rest;
        }
    }

    /// <summary>Waits for descriptors, and does what they ask for.</summary>
    private void Turn(TimeSpan rest)
    {
        if (rest > TimeSpan.Zero && rest != Timeout.InfiniteTimeSpan)
        {
            // The poll set counts in milliseconds, timers do not.
            BlockingWait.Wait(_pollSet.Descriptor, PollEvents.Read, rest);
            rest = TimeSpan.Zero;
        }

        int count = _pollSet.Wait(_events, rest);
        using (_gate.Hold())
        {
            _isAsleep = false;
        }

        bool isOthers = false;
        for (int i = 0; i < count; i++)
        {
            if (_events[i].Token == WakeToken)
            {
                _wake.Drain();
                continue;
            }

            switch (Find(_events[i].Token))
            {
                case EndpointItem endpoint:
                    endpoint.Turn(isReadable: true);
                    isOthers |= !endpoint.Leads;
                    break;
                case DescriptorItem descriptor:
                    descriptor.OnEvents(_events[i].Events);
                    List(descriptor);
                    break;
            }
        }

        foreach (EndpointItem endpoint in _endpoints)
        {
            endpoint.Turn(isReadable: false);
        }

        if (isOthers)
        {
            // Somebody else leads there, who was woken too: let him take his turn.
            Thread.Yield();
        }
    }

    private void LeaveDetached()
    {
        for (int i = _led.Count - 1; i >= 0; i--)
        {
            if (_led[i].IsDetached)
            {
                _led[i].Leave();
                _led.RemoveAt(i);
            }
        }
    }

    private void LeaveAll()
    {
        foreach (EndpointItem item in _led)
        {
            item.Leave();
        }

        _led.Clear();
    }

    private void Enter()
    {
        if (Interlocked.CompareExchange(ref _isInUse, 1, 0) != 0)
        {
            ThrowIfDisposed();
            throw new InvalidOperationException("Another thread waits in this set: each thread has a set of its own.");
        }

        if (_isDisposed)
        {
            Exit();
            ThrowIfDisposed();
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_isDisposed, _owner);

    private void Exit()
    {
        Volatile.Write(ref _isInUse, 0);
        if (_isDisposed)
        {
            TearDownIfFree();
        }
    }

    private bool TakeWake()
    {
        using (_gate.Hold())
        {
            bool isWoken = _isWoken;
            _isWoken = false;
            return isWoken;
        }
    }

    private void TearDownIfFree()
    {
        // For good: nobody waits in it any more.
        if (Interlocked.CompareExchange(ref _isInUse, 1, 0) != 0)
        {
            return;
        }

        using (_attaching.Hold())
        {
            WaitItem[] items;
            using (_gate.Hold())
            {
                items = [.. _items.Values];
            }

            foreach (WaitItem item in items)
            {
                item.Detach();
            }

            _pollSet.Dispose();
            _wake.Dispose();
        }
    }
}
