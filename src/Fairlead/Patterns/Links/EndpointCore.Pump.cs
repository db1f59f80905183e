using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>Who waits, who leads, and what a turn does.</content>
internal sealed partial class EndpointCore
{
    private const int EventsPerTurn = 64;

    private const int MostBriefMisses = 10;
    private const int Yields = 20;
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);
    private readonly PollEvent[] _events = new PollEvent[EventsPerTurn];
    private readonly List<Operation> _followers = [];
    private Registration? _registration;

    // Made with the endpoint: whoever needs it later, to cancel or to close, may be out of descriptors.
    private readonly EventDescriptor _wake = new();
    private bool _isPumping;
    private bool _isArmed;
    private bool _wantsReactor;
    private int _asyncWaiters;
    private int _turns;
    private volatile bool _isInTurn;
    private int _briefMisses;
    private int _briefSkips;
    private int _blockedLinks;
    private int _partlyRead;

    /// <summary>An operation is done whose caller leads, and may sleep in the kernel.</summary>
    public void WakeLeader()
    {
        using (_gate.Hold())
        {
            if (_isPumping && !IsTornDown)
            {
                WakePump();
            }
        }
    }

    /// <summary>Somebody must look: an operation waits whose caller does not, output is blocked, or a link was killed. Any thread, no lock of a link held.</summary>
    public void RequestPump()
    {
        using (_gate.Hold())
        {
            WantPump();
        }
    }

    /// <summary>The same under the gate.</summary>
    public void WantPump()
    {
        _wantsReactor = true;
        if (!_isPumping)
        {
            Arm();
        }
    }

    /// <summary>
    /// Sees to it that what has arrived by now is handled: by this thread, or by the one that leads and is about to. What a caller finds afterwards, a full window say, is so.
    /// Waits for nobody who sleeps, and only for turns, in which no user code runs.
    /// </summary>
    public void CatchUp()
    {
        int before = Volatile.Read(ref _turns);
        while (!TryPumpOnce())
        {
            // A turn may have begun before something came; the next one has it.
            if (unchecked(Volatile.Read(ref _turns) - before) >= 2 || !(_isInTurn || HasEvents()))
            {
                return;
            }

            Thread.Yield();
        }
    }

    /// <summary>One turn without waiting, if nobody leads.</summary>
    public void PumpOnce() => TryPumpOnce();

    private bool TryPumpOnce()
    {
        Completions completions = Completions.Rent();
        bool leads;
        using (_gate.Hold())
        {
            leads = TryLead();
        }

        using PumpRole role = new(leads ? this : null, completions, isReactor: false);
        role.Turn();
        return leads;
    }

    private bool HasEvents()
    {
        try
        {
            return BlockingWait.Wait(_pollSet.Descriptor, PollEvents.Read, TimeSpan.Zero) != PollEvents.None;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>By the reactor: the poll set is readable.</summary>
    void IReactorClient.OnReady(PollEvents events)
    {
        Completions completions = Completions.Rent();
        bool leads;
        using (_gate.Hold())
        {
            _isArmed = false;
            leads = TryLead();
            if (!leads)
            {
                Unpark();
            }
        }

        using PumpRole role = new(leads ? this : null, completions, isReactor: true);
        role.Turn();
    }

    /// <summary>A turn of the reactor's has failed: the rounds try again.</summary>
    void IReactorClient.OnFailed(Exception exception) => ServeLater();

    /// <summary>An asynchronous operation waits; until it is done whoever leaves the role leaves it to the reactor.</summary>
    public void BeginAsyncWait() => Interlocked.Increment(ref _asyncWaiters);

    public void EndAsyncWait() => Interlocked.Decrement(ref _asyncWaiters);

    /// <summary>A link's output is blocked, or no longer: somebody must wait until it is writable.</summary>
    public void CountBlocked(int change) => Interlocked.Add(ref _blockedLinks, change);

    /// <summary>A link is in the middle of a message, or no longer: somebody must wait for the rest. By the pump.</summary>
    public void CountPart(int change) => _partlyRead += change;

    /// <summary>An asynchronous operation has been queued: the reactor waits for it, unless somebody pumps anyway.</summary>
    public void ArmForWaiters()
    {
        using (_gate.Hold())
        {
            if (!_isPumping)
            {
                Arm();
            }
        }
    }

    /// <summary>Like <see cref="RequestPump"/>, for work that no descriptor shows: the turn comes without waiting for one.</summary>
    public void RequestTurn()
    {
        using (_gate.Hold())
        {
            if (!IsTornDown)
            {
                WakePump();
                if (!_isPumping)
                {
                    Arm();
                }
            }
        }
    }

    /// <summary>The same by a thread that may hold any locks: the gate, which is not taken under a link's, is taken on the pool.</summary>
    public void RequestTurnFromAnywhere() => ThreadPool.UnsafeQueueUserWorkItem(static endpoint => endpoint.RequestTurn(), this, preferLocal: false);

    private void StartServing()
    {
        Slow.Start();
        _registration = Reactor.Shared.Register(_pollSet.Descriptor, this);
        if (IsBound)
        {
            RequestPump();
        }
    }

    private bool TryLead()
    {
        if (_isPumping || IsTornDown)
        {
            return false;
        }

        Dismiss();
        _isPumping = true;
        return true;
    }

    public void Leave(bool isReactor, int answered = 0)
    {
        Operation? next = null;
        bool tearDown;
        using (_gate.Hold())
        {
            _isPumping = false;
            tearDown = IsClosed;
            if (tearDown)
            {
                _isPumping = true;
            }
            else
            {
                next = NextLeader(isReactor, answered);
            }
        }

        if (tearDown)
        {
            TearDown();
        }

        next?.Nudge();
    }

    private void Arm()
    {
        if (IsTornDown || _registration is null)
        {
            return;
        }

        if (_stay != 0)
        {
            // Announced, and the poll set armed: no turn has been taken since.
            return;
        }

        // Also when it is armed: a turn since may have taken the bell, and what it announced with it.
        if (!PrepareWait())
        {
            WakePump();
        }

        if (!_isArmed)
        {
            try
            {
                _isArmed = _registration.Arm(PollEvents.Read);
            }
            catch (Exception exception)
            {
                // The system refuses: the rounds ask again.
                FairleadEventSource.Log.Contained(Address.Display, exception.ToString());
                JoinRoundsLocked();
            }
        }
    }

    /// <summary>The leader waits itself; the reactor would only wake in vain. Under the gate.</summary>
    private void Disarm()
    {
        if (_isArmed)
        {
            _registration!.Disarm();
            _isArmed = false;
        }
    }

    /// <summary>Makes the poll set readable, so that whoever waits on it takes a turn.</summary>
    private void WakePump()
    {
        if (IsTornDown)
        {
            return;
        }

        _wake.Signal();
        Unpark();
    }

    /// <summary>Waits, and handles what has come. By the leader.</summary>
    public void Turn(TimeSpan timeout, Completions completions)
    {
        TimeSpan? poll = timeout == TimeSpan.Zero || _announcing.Length == 0 ? timeout : AwaitMemory(timeout);
        if (poll > TimeSpan.Zero && poll < Millisecond)
        {
            // The poll set counts in milliseconds.
            BlockingWait.Wait(_pollSet.Descriptor, PollEvents.Read, poll.Value);
            poll = TimeSpan.Zero;
        }

        Serve(poll, completions);
    }

    /// <summary>Looks at the poll set, for so long, or (null) not even that, and handles what has come, there and in memory. By the leader.</summary>
    public void Serve(TimeSpan? poll, Completions completions)
    {
        if (Volatile.Read(ref _wantsReactor))
        {
            // Whoever takes the turn does what was asked for by now: what is still to come is counted apart.
            using (_gate.Hold())
            {
                _wantsReactor = false;
            }
        }

        int count = 0;
        if (poll is { } wait)
        {
            _unpolledTurns = 0;
            _isWoken = false;
            count = _pollSet.Wait(_events, wait);
        }

        // Set while what came is still readable, so that there is no moment between in which nobody seems busy.
        _isInTurn = true;
        try
        {
            EndWait(completions);
            for (int i = 0; i < count; i++)
            {
                (ulong token, PollEvents events) = _events[i];
                if (token == WakeToken)
                {
                    _wake.Drain();
                }
                else if (token == ListenerToken)
                {
                    _acceptor.Accept(completions);
                }
                else if (Find(token) is { } link)
                {
                    try
                    {
                        link.OnEvents(events, completions);
                    }
                    catch (Exception exception)
                    {
                        // What a peer sends, and what a pattern or a clock throws, ends that one's connection, and nothing else: this runs on threads of everybody's.
                        link.Fail(exception, completions);
                    }
                }
            }

            Settle(completions);
        }
        finally
        {
            Interlocked.Increment(ref _turns);
            _isInTurn = false;
        }
    }

    /// <summary>Announces the sleep to connections whose peers must know of it; false when one of them has something already.</summary>
    private bool PrepareWait()
    {
        bool mayWait = true;
        foreach (Link link in _announcing)
        {
            try
            {
                mayWait &= link.PrepareWait();
            }
            catch (Exception exception)
            {
                link.Fail(exception);
                mayWait = false;
            }
        }

        return mayWait;
    }

    private void EndWait(Completions completions)
    {
        foreach (Link link in _announcing)
        {
            try
            {
                link.OnAwake(completions);
            }
            catch (Exception exception)
            {
                link.Fail(exception, completions);
            }
        }
    }
}
