using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Native.Waiting;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Pumping;

/// <summary>The role of the thread that reads and handles incoming data, held by at most one thread.</summary>
/// <remarks>
/// <para>
/// The leader is a blocking caller that waits in the kernel itself, or a reactor thread. A caller that finds the role taken is a follower:
/// it sleeps until its operation is done, or until it is woken to lead.
/// </para>
/// <para>
/// Owns the endpoint's gate. Under it, owns the role and whether the reactor waits in the leader's place. Also owns the poll set, the event
/// that wakes a thread waiting there, and the counts of awaited events. <c>Pump.Serving.cs</c> contains the iterations.
/// </para>
/// </remarks>
internal sealed partial class Pump : OperationHost, IReactorClient, IDisposable
{
    private const int EventsPerTurn = 64;
    private const ulong WakeToken = 0;

    /// <summary>The first token in the poll set that is free for other uses.</summary>
    public const ulong FirstToken = 1;

    private readonly IPumpOwner _owner;
    private readonly EndpointLife _life;
    private readonly PollEvent[] _events = new PollEvent[EventsPerTurn];

    // Created with the endpoint: a caller that needs it later, to cancel or to close, may be out of descriptors.
    private readonly EventDescriptor _wake = new();
    private BiasedLock _gate = new(LockRank.EndpointGate);
    private Registration? _registration;
    private bool _isLed;
    private bool _isArmed;
    private bool _wantsReactor;
    private volatile bool _isInTurn;
    private int _turns;

    /// <param name="owner">What is served.</param>
    /// <param name="settings">How its threads wait and write.</param>
    /// <param name="life">The phase of the endpoint.</param>
    public Pump(IPumpOwner owner, EndpointSettings settings, EndpointLife life)
    {
        _owner = owner;
        _life = life;
        MemoryWaiter = new MemoryWaiter(settings, life, this);
        CallerWaits = new CallerWaits(owner, settings, life, this);
        BusyPoll = new BusyPoll(owner, settings, life, this);
        Continuations = new Continuations(owner, settings, this);
        PollSet.Add(_wake.Descriptor, WakeToken, PollEvents.Read);
    }

    /// <summary>Guards the role, the endpoint's queues and its links. Never held during a long system call or user code.</summary>
    public ref BiasedLock Gate => ref _gate;

    /// <summary>The poll set. Its descriptor is readable when an iteration has work to do.</summary>
    public PollSet PollSet { get; } = new();

    /// <summary>The leader's wait for peers that share memory.</summary>
    public MemoryWaiter MemoryWaiter { get; }

    /// <summary>The waits of callers in their own threads.</summary>
    public CallerWaits CallerWaits { get; }

    /// <summary>The polling of threads for asynchronous callers.</summary>
    public BusyPoll BusyPoll { get; }

    /// <summary>The asynchronous callers that are being completed.</summary>
    public Continuations Continuations { get; }

    /// <summary>Whether a thread leads. Under the gate.</summary>
    public bool IsLed => _isLed;

    /// <summary>Whether the reactor waits in the leader's place. Under the gate.</summary>
    public bool IsArmed => _isArmed;

    /// <summary>Whether an iteration was requested that has not begun. Under the gate.</summary>
    public bool IsWanted => _wantsReactor;

    /// <summary>The address of the endpoint, in reports of contained errors.</summary>
    public string Name => _owner.Address.Display;

    /// <summary>Whether no thread leads or should: a caller may then receive directly from memory. Under the gate.</summary>
    public bool MayReceiveDirect => !(_isLed | _life.IsTornDown | _wantsReactor) && AwaitedEvents.None;

    /// <inheritdoc/>
    public override void WakeLeader()
    {
        using (_gate.Hold())
        {
            if (!_isLed || _life.IsTornDown)
            {
                return;
            }

            if (MemoryWaiter.Announcing.Length > 0)
            {
                Wake();
                return;
            }
        }

        // Not under the gate: the thread that wakes needs it next.
        _wake.Signal();
    }

    /// <summary>Requests an iteration: a caller awaits, output is blocked, or a link was killed. With no link's lock held.</summary>
    public void Request()
    {
        using (_gate.Hold())
        {
            Want();
        }
    }

    /// <summary>Does the same under the gate.</summary>
    public void Want()
    {
        _wantsReactor = true;
        ArmUnlessLed();
    }

    /// <summary>Requests an iteration like <see cref="Request"/>, for work that no descriptor shows: it comes without waiting.</summary>
    public void RequestTurn()
    {
        using (_gate.Hold())
        {
            // After the tear-down, neither call has an effect.
            Wake();
            ArmUnlessLed();
        }
    }

    /// <summary>Does the same on a pool thread, for a caller with any locks, because the gate must not be taken under a link's
    /// lock.</summary>
    public void RequestTurnFromAnywhere() =>
        PoolWork.Queue("a pump", static pump => pump.RequestTurn(), this);

    /// <summary>Makes the reactor wait for a queued asynchronous operation, unless a thread leads anyway.</summary>
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

    /// <summary>Serves the readable poll set. Called by the reactor.</summary>
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
                MemoryWaiter.Unpark();
            }
        }

        BusyPoll.Serve(leads, completions, TimeSpan.Zero);
    }

    bool IReactorClient.Park() => MemoryWaiter.Park();

    /// <summary>Makes the deferred work try again, because an iteration of the reactor has failed.</summary>
    void IReactorClient.OnFailed(Exception exception) => _owner.ServeLater();

    /// <summary>Allows the reactor to wait from now on. Called once.</summary>
    public void Start() => _registration = Reactor.Shared.Register(PollSet.Descriptor, this);

    /// <summary>Stops the reactor's wait, at the endpoint's end.</summary>
    public void Stop() => _registration?.Dispose();

    /// <summary>Closes the poll set. Called after <see cref="Stop"/>, when nothing is watched any more.</summary>
    public void Dispose()
    {
        PollSet.Dispose();
        _wake.Dispose();
    }

    /// <summary>Takes the role if it is free. Under the gate; a <see cref="PumpRole"/> gives it back, or <see cref="Leave"/>.</summary>
    public bool TryLead() => !_life.IsTornDown && TryLeadForGood();

    /// <summary>Takes the role permanently, for an endpoint that ends. Under the gate.</summary>
    /// <remarks>If it is not free, the caller wakes the leader, which then tears down when it leaves.</remarks>
    public bool TryLeadForGood()
    {
        if (_isLed)
        {
            return false;
        }

        MemoryWaiter.CancelWaiters();
        return _isLed = true;
    }

    /// <summary>Gives the role to a follower, or else to the reactor if it is needed.</summary>
    /// <param name="isReactor">Whether the leaving thread is a reactor thread.</param>
    /// <param name="answered">The number of asynchronous callers that are answered and need no leader any more.</param>
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
            _owner.TearDown();
        }

        next?.Wake();
    }

    /// <summary>Chooses the next leader: a follower, or else the reactor if it is needed. Under the gate, while no thread leads.</summary>
    public Operation? FindNext(bool isReactor, int answered = 0)
    {
        _owner.OfferRole();
        if (CallerWaits.NextFollower is { } follower)
        {
            return follower;
        }

        if (_wantsReactor
            || AwaitedEvents.AnyBehind(answered)
            || (isReactor && _owner.IsServedAlways && !(answered > 0 && MemoryWaiter.IsAlone)))
        {
            // In the last case peers send while no user call runs. A caller about to be completed takes the next message directly from
            // memory.
            Arm();
        }
        else
        {
            _owner.ServeWhileAway();
        }

        return null;
    }

    /// <summary>Arms the reactor. Under the gate, while no thread leads.</summary>
    public void Arm()
    {
        if (_life.IsTornDown || _registration is null || BusyPoll.IsPromised || MemoryWaiter.HasSomebodyStaying)
        {
            // In the last case the sleep is announced and the reactor armed: there has been no iteration since.
            return;
        }

        // Also when armed: an iteration since then may have drained the doorbell, and withdrawn the announcement.
        if (!MemoryWaiter.PrepareWait())
        {
            Wake();
        }

        try
        {
            Watch();
        }
        catch (Exception exception)
        {
            // The system refuses, so the deferred work tries again.
            FairleadEventSource.Log.Contained(Name, exception.ToString());
            _owner.JoinDeferredWork();
        }
    }

    /// <summary>Makes the reactor watch the poll set, even if a thread leads. Returns false after the end. Under the gate.</summary>
    public bool Watch()
    {
        if (!_isArmed && !_life.IsTornDown && _registration is not null)
        {
            _isArmed = _registration.Arm(PollEvents.Read);
        }

        return _isArmed;
    }

    /// <summary>Disarms the reactor, because the leader waits itself and the reactor would wake for nothing. Under the gate.</summary>
    public void Disarm()
    {
        if (_isArmed)
        {
            _registration!.Disarm();
            _isArmed = false;
        }
    }

    /// <summary>Makes the poll set readable, so the thread that waits on it runs an iteration. Under the gate.</summary>
    public void Wake()
    {
        if (!_life.IsTornDown)
        {
            _wake.Signal();
            MemoryWaiter.Unpark();
        }
    }
}
