using Fairlead.Native;
using Fairlead.Native.Waiting;

namespace Fairlead.Patterns.Waiting;

/// <summary>A poll set over the poll sets of endpoints, the user's descriptors, and a wake-up event.</summary>
/// <remarks>
/// The waiting thread leads the endpoints while it sleeps, unless another thread leads them. The gate is the innermost lock: a thread that
/// holds it calls no other code.
/// </remarks>
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

    /// <param name="owner">The object that errors name.</param>
    public WaitCore(object owner)
    {
        _owner = owner;
        _pollSet.Add(_wake.Descriptor, WakeToken, PollEvents.Read);
    }

    /// <summary>Blocks until at least one item is ready, and returns all that are. Empty after the timeout or a wake-up.</summary>
    /// <remarks>The result is valid until the next call.</remarks>
    public ReadOnlySpan<ReadyItem> Wait(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline deadline = Deadline.After(timeout);
        Enter();
        try
        {
            using CancellationTokenRegistration registration = cancellationToken.CanBeCanceled
                ? cancellationToken.UnsafeRegister(static state => ((WaitCore)state!).Recheck(), this)
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

    /// <summary>Makes the current wait, or else the next one, return an empty result.</summary>
    public void Wake()
    {
        using (_gate.Hold())
        {
            _isWoken = true;
        }

        Recheck();
    }

    /// <summary>Ends the wait of another thread and tears the set down.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        Recheck();
        TearDownIfFree();
    }

    /// <summary>Takes free pump roles if the set is about to sleep, and returns how long it may sleep.</summary>
    private TimeSpan PrepareRest(Deadline deadline)
    {
        LeaveDetached();
        using (_gate.Hold())
        {
            _isRoleOffered = false;
            if (_listed.Count > 0 || _isWoken)
            {
                // An item is probably ready, so only check the others.
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

    /// <summary>Waits for descriptors and handles their events.</summary>
    private void Turn(TimeSpan rest)
    {
        if (rest > TimeSpan.Zero && rest != Timeout.InfiniteTimeSpan)
        {
            // The poll set counts in milliseconds; timers are more precise.
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
                case SignalItem signal:
                    List(signal);
                    break;
            }
        }

        foreach (EndpointItem endpoint in _endpoints)
        {
            endpoint.Turn(isReadable: false);
        }

        if (isOthers)
        {
            // Another thread leads there and was woken, too: let it run its iteration.
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
            throw new InvalidOperationException("Cannot wait: another thread is waiting in this set. Use one set per thread.");
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
        // Keep the set marked as in use: no thread may wait in it again.
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
