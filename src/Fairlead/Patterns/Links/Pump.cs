using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>
/// The role of the one that reads and handles what comes: held by at most one thread, a blocking caller that waits in the kernel itself, or
/// a thread of the reactor. Whoever finds it taken follows: sleeps until its operation is done, or it is nudged to lead.
/// </summary>
/// <remarks>
/// Owns the endpoint's gate, and under it the role and whether the reactor waits in its place; the poll set, the flag that wakes whoever
/// waits there, and what somebody must wait for.
/// </remarks>
internal sealed class Pump : IReactorClient, IDisposable
{
    private const int EventsPerTurn = 64;
    private const ulong WakeToken = 0;

    /// <summary>The first name in the poll set that is free for others.</summary>
    public const ulong FirstToken = 1;

    private readonly EndpointCore _endpoint;
    private readonly EndpointLife _life;
    private readonly PollEvent[] _events = new PollEvent[EventsPerTurn];

    // Made with the endpoint: whoever needs it later, to cancel or to close, may be out of descriptors.
    private readonly EventDescriptor _wake = new();
    private BiasedLock _gate = new(LockRank.EndpointGate);
    private Registration? _registration;
    private bool _isLed;
    private bool _isArmed;
    private bool _wantsReactor;
    private volatile bool _isInTurn;
    private int _turns;
    private AwaitedEvents _awaited;

    public Pump(EndpointCore endpoint, EndpointLife life)
    {
        _endpoint = endpoint;
        _life = life;
        Memory = new MemoryWaiter(endpoint, this);
        Callers = new CallerWaits(endpoint, this);
        Polling = new BusyPoll(endpoint, this);
        Told = new Continuations(endpoint);
        PollSet.Add(_wake.Descriptor, WakeToken, PollEvents.Read);
    }

    /// <summary>
    /// Guards the role, the endpoint's queues and its links. Never held during a system call that may take long, nor while user code runs.
    /// </summary>
    public ref BiasedLock Gate => ref _gate;

    /// <summary>What is waited for. Its descriptor is readable when a turn has something to do.</summary>
    public PollSet PollSet { get; } = new();

    /// <summary>How the leader waits for peers that share memory.</summary>
    public MemoryWaiter Memory { get; }

    /// <summary>How a caller waits in its own thread.</summary>
    public CallerWaits Callers { get; }

    /// <summary>How threads poll for asynchronous callers.</summary>
    public BusyPoll Polling { get; }

    /// <summary>Asynchronous callers that are being told.</summary>
    public Continuations Told { get; }

    /// <summary>Whether somebody leads. Under the gate.</summary>
    public bool IsLed => _isLed;

    /// <summary>Whether the reactor waits in the leader's place. Under the gate.</summary>
    public bool IsArmed => _isArmed;

    /// <summary>Whether somebody has asked for a turn that has not begun. Under the gate.</summary>
    public bool IsWanted => _wantsReactor;

    /// <summary>What somebody must wait for.</summary>
    public ref AwaitedEvents Awaited => ref _awaited;

    /// <summary>Whether nobody leads or ought to: then a caller may take from the memory itself what lies there. Under the gate.</summary>
    public bool MayPull => !(_isLed | _life.IsTornDown | _wantsReactor) && _awaited.None;

    /// <summary>An operation is done whose caller leads, and may sleep in the kernel.</summary>
    public void WakeLeader()
    {
        using (_gate.Hold())
        {
            if (_isLed && !_life.IsTornDown)
            {
                Wake();
            }
        }
    }

    /// <summary>An iteration is needed: a caller awaits, output is blocked, or a link was killed. With no link's lock held.</summary>
    public void Request()
    {
        using (_gate.Hold())
        {
            Want();
        }
    }

    /// <summary>The same under the gate.</summary>
    public void Want()
    {
        _wantsReactor = true;
        ArmUnlessLed();
    }

    /// <summary>Like <see cref="Request"/>, for work that no descriptor shows: the turn comes without waiting for one.</summary>
    public void RequestTurn()
    {
        using (_gate.Hold())
        {
            // Neither does anything where the endpoint is torn down.
            Wake();
            ArmUnlessLed();
        }
    }

    /// <summary>The same by a thread that may hold any locks: the gate, which is not taken under a link's, is taken on the pool.</summary>
    public void RequestTurnFromAnywhere() =>
        ThreadPool.UnsafeQueueUserWorkItem(static pump => pump.RequestTurn(), this, preferLocal: false);

    /// <summary>An asynchronous operation has been queued: the reactor waits for it, unless somebody leads anyway.</summary>
    public void ArmForWaiters()
    {
        using (_gate.Hold())
        {
            ArmUnlessLed();
        }
    }

    private void ArmUnlessLed()
    {
        if (!_isLed)
        {
            Arm();
        }
    }

    /// <summary>
    /// Sees to it that what has arrived by now is handled: by this thread, or by the one that leads and is about to. What a caller finds
    /// afterwards, a full window say, is so. Waits for nobody who sleeps, and only for turns, in which no user code runs.
    /// </summary>
    public void CatchUp()
    {
        int before = Volatile.Read(ref _turns);
        while (!TryTurn())
        {
            // A turn may have begun before something came; the next one has it.
            if (unchecked(Volatile.Read(ref _turns) - before) >= 2 || !(_isInTurn || PollSet.HasEvents))
            {
                return;
            }

            Thread.Yield();
        }
    }

    /// <summary>One turn without waiting; false where somebody leads.</summary>
    public bool TryTurn()
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
                Memory.Unpark();
            }
        }

        Polling.Serve(leads, completions, TimeSpan.Zero);
    }

    bool IReactorClient.Stay() => Memory.Stay();

    /// <summary>A turn of the reactor's has failed: the rounds try again.</summary>
    void IReactorClient.OnFailed(Exception exception) => _endpoint.Housekeeping.ServeLater();

    /// <summary>From here on the reactor may wait. Once.</summary>
    public void Start() => _registration = Reactor.Shared.Register(PollSet.Descriptor, this);

    /// <summary>The reactor waits no more. By the endpoint's end.</summary>
    public void Stop() => _registration?.Dispose();

    /// <summary>Behind <see cref="Stop"/>, when nothing is watched any more.</summary>
    public void Dispose()
    {
        PollSet.Dispose();
        _wake.Dispose();
    }

    /// <summary>Takes the role if it is free. Under the gate; a <see cref="PumpRole"/> gives it back, or <see cref="Leave"/>.</summary>
    public bool TryLead() => !_life.IsTornDown && TryLeadForGood();

    /// <summary>
    /// The same for an endpoint that ends, and never gives it back: else whoever leads is woken, and does what is to be done when it
    /// leaves. Under the gate.
    /// </summary>
    public bool TryLeadForGood()
    {
        if (_isLed)
        {
            return false;
        }

        Memory.Dismiss();
        return _isLed = true;
    }

    /// <summary>Gives the role back: to a follower, or else to the reactor where it is needed.</summary>
    /// <param name="isReactor">Whether it is the reactor that leaves it.</param>
    /// <param name="answered">Of those who wait asynchronously, how many need nobody any more.</param>
    public void Leave(bool isReactor, int answered = 0)
    {
        Operation? next = null;
        bool tearDown;
        using (_gate.Hold())
        {
            tearDown = _life.IsClosed;
            if (!tearDown)
            {
                _isLed = false;
                next = FindNext(isReactor, answered);
            }
        }

        if (tearDown)
        {
            _endpoint.TearDown();
        }

        next?.Nudge();
    }

    /// <summary>Who takes the role next: a follower, or else the reactor where it is needed. Under the gate, where nobody leads.</summary>
    public Operation? FindNext(bool isReactor, int answered = 0)
    {
        _endpoint.Watches.OfferRole();
        if (Callers.NextFollower is { } follower)
        {
            return follower;
        }

        if (_wantsReactor
            || _awaited.AnyBehind(answered)
            || (isReactor && _endpoint.Housekeeping.IsServedAlways && !(answered > 0 && Memory.IsAlone)))
        {
            // In the last case peers come and ask while the user is away. Who is about to be told takes the next from the memory itself.
            Arm();
        }
        else
        {
            _endpoint.Housekeeping.ServeWhileAway();
        }

        return null;
    }

    /// <summary>Lets the reactor wait. Under the gate, where nobody leads.</summary>
    public void Arm()
    {
        if (_life.IsTornDown || _registration is null || Polling.IsPromised || Memory.HasSomebodyStaying)
        {
            // In the last case it is announced and armed: no turn has been taken since.
            return;
        }

        // Also when it is armed: a turn since may have taken the bell, and what it announced with it.
        if (!_endpoint.Table.PrepareWait())
        {
            Wake();
        }

        try
        {
            Watch();
        }
        catch (Exception exception)
        {
            // The system refuses: the rounds ask again.
            FairleadEventSource.Log.Contained(_endpoint.Address.Display, exception.ToString());
            _endpoint.Housekeeping.JoinRounds();
        }
    }

    /// <summary>The reactor watches the poll set, whoever leads. Under the gate. False where it is too late for that.</summary>
    public bool Watch()
    {
        if (!_isArmed && !_life.IsTornDown && _registration is not null)
        {
            _isArmed = _registration.Arm(PollEvents.Read);
        }

        return _isArmed;
    }

    /// <summary>The leader waits itself; the reactor would only wake in vain. Under the gate.</summary>
    public void Disarm()
    {
        if (_isArmed)
        {
            _registration!.Disarm();
            _isArmed = false;
        }
    }

    /// <summary>Makes the poll set readable, so that whoever waits on it takes a turn. Under the gate.</summary>
    public void Wake()
    {
        if (!_life.IsTornDown)
        {
            _wake.Signal();
            Memory.Unpark();
        }
    }

    /// <summary>Waits, and handles what has come. By the leader.</summary>
    public void Turn(TimeSpan timeout, Completions completions)
    {
        TimeSpan? poll = timeout == TimeSpan.Zero || _endpoint.Table.Announcing.Length == 0 ? timeout : Memory.Wait(timeout);
        if (poll > TimeSpan.Zero && poll < TimeSpan.FromMilliseconds(1))
        {
            // The poll set counts in milliseconds.
            BlockingWait.Wait(PollSet.Descriptor, PollEvents.Read, poll.Value);
            poll = TimeSpan.Zero;
        }

        Serve(poll, completions);
    }

    /// <summary>
    /// Looks at the poll set, for so long, or (null) not even that, and handles what has come, there and in memory. By the leader.
    /// </summary>
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
            Memory.NotePoll();
            count = PollSet.Wait(_events, wait);
        }

        // Set while what came is still readable, so that there is no moment between in which nobody seems busy.
        _isInTurn = true;
        try
        {
            _endpoint.Table.OnAwake(completions);
            for (int i = 0; i < count; i++)
            {
                (ulong token, PollEvents events) = _events[i];
                if (token == WakeToken)
                {
                    _wake.Drain();
                }
                else
                {
                    _endpoint.OnReady(token, events, completions);
                }
            }

            _endpoint.Settle(completions);
        }
        finally
        {
            Interlocked.Increment(ref _turns);
            _isInTurn = false;
        }
    }
}
