using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>Who waits, who leads, and what a turn does.</content>
internal sealed partial class EndpointCore
{
    private const int EventsPerTurn = 64;

    /// <summary>How long a bound endpoint whose user waits in turns is left alone before the reactor serves it: accepts, answers pings, acknowledges.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(20);

    private const int MostBriefMisses = 10;
    private const int Yields = 20;

    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    private readonly PollEvent[] _events = new PollEvent[EventsPerTurn];
    private readonly List<Operation> _followers = [];
    private Registration? _registration;
    private ITimer? _slowTimer;
    private EventDescriptor? _wake;
    private bool _isPumping;
    private bool _isArmed;
    private bool _isSlowDue;
    private bool _wantsReactor;
    private int _asyncWaiters;
    private int _turns;
    private volatile bool _isInTurn;
    private int _briefMisses;
    private int _briefSkips;
    private int _blockedLinks;
    private int _partlyRead;

    /// <summary>Waits in this thread until the operation is done, the time has passed, or the token is cancelled. True when it is done; else the caller withdraws it.</summary>
    public bool Wait(Operation operation, Deadline deadline, CancellationToken token)
    {
        if (operation.IsClaimed)
        {
            return true;
        }

        using CancellationTokenRegistration registration = token.CanBeCanceled
            ? token.UnsafeRegister(static state => ((WaitState)state!).Cancel(), new WaitState(this, operation))
            : default;
        bool hasFollowed = false;
        while (!operation.IsClaimed && !deadline.Passed && !token.IsCancellationRequested)
        {
            bool leads;
            lock (_gate)
            {
                leads = TryLead();
                if (!leads)
                {
                    _followers.Add(operation);
                }
            }

            if (leads)
            {
                Lead(operation, deadline, token);
            }
            else
            {
                hasFollowed = true;
                operation.Sleep(deadline);
                lock (_gate)
                {
                    _followers.Remove(operation);
                }
            }
        }

        if (hasFollowed)
        {
            PassOn();
        }

        return operation.IsClaimed;
    }

    /// <summary>A follower that was to lead may have ended instead: then another does.</summary>
    private void PassOn()
    {
        Operation? next;
        lock (_gate)
        {
            next = _isPumping || _isTornDown ? null : NextLeader(isReactor: false);
        }

        next?.Nudge();
    }

    /// <summary>Who takes the role next: a follower, or else the reactor where it is needed. Under the gate.</summary>
    private Operation? NextLeader(bool isReactor)
    {
        foreach (Operation follower in _followers)
        {
            if (!follower.IsClaimed)
            {
                return follower;
            }
        }

        if (_wantsReactor || Volatile.Read(ref _asyncWaiters) > 0 || Volatile.Read(ref _blockedLinks) > 0 || _partlyRead > 0)
        {
            Arm();
        }
        else if (IsBound || ServesInBackground)
        {
            // A user who waits in turns is back soon; the reactor, where it serves, goes on serving.
            if (isReactor)
            {
                Arm();
            }
            else
            {
                ServeLater();
            }
        }

        return null;
    }

    /// <summary>An operation is done whose caller leads, and may sleep in the kernel.</summary>
    public void WakeLeader()
    {
        lock (_gate)
        {
            if (_isPumping && !_isTornDown)
            {
                WakePump();
            }
        }
    }

    /// <summary>Somebody must look: an operation waits whose caller does not, output is blocked, or a link was killed. Any thread, no lock of a link held.</summary>
    public void RequestPump()
    {
        lock (_gate)
        {
            _wantsReactor = true;
            if (!_isPumping)
            {
                Arm();
            }
        }
    }

    /// <summary>Something is to be done that has time: acknowledging, accepting.</summary>
    public void ServeLater()
    {
        if (Volatile.Read(ref _isSlowDue))
        {
            return;
        }

        lock (_gate)
        {
            if (!_isSlowDue && !_isClosed)
            {
                _isSlowDue = true;
                _slowTimer ??= Settings.Time.CreateTimer(static state => ((EndpointCore)state!).OnSlowTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _slowTimer.Change(Slow, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>
    /// Before an asynchronous call is sent: whether its caller leads for a moment itself. Where the peer was woken on this very core, it can only answer when this thread makes
    /// room, and every instruction until then is added to the call; so this thread yields some times before it leaves the rest to the reactor. Only a call that is alone does
    /// so, and less and less often where replies take longer.
    /// </summary>
    public bool TryLeadBriefly()
    {
        if (_briefSkips > 0)
        {
            _briefSkips--;
            return false;
        }

        lock (_gate)
        {
            if (_isClosing || Volatile.Read(ref _asyncWaiters) > 0 || _followers.Count > 0 || !TryLead())
            {
                return false;
            }

            Disarm();
            return true;
        }
    }

    /// <summary>After it was sent: waits for a moment and gives the role back.</summary>
    public void LeadBriefly(Operation operation)
    {
        Completions completions = Completions.Rent();
        try
        {
            if (!operation.IsClaimed)
            {
                FlushDeferred();
                YieldFor(operation, completions);
                _briefMisses = operation.IsClaimed ? 0 : Math.Min(_briefMisses + 1, MostBriefMisses);
                _briefSkips = (1 << _briefMisses) - 1;
            }
        }
        finally
        {
            Leave(isReactor: false);
        }

        completions.Run(inline: false);
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
        lock (_gate)
        {
            if (!TryLead())
            {
                return false;
            }
        }

        Completions completions = Completions.Rent();
        try
        {
            Turn(TimeSpan.Zero, completions);
        }
        finally
        {
            Leave(isReactor: false);
        }

        completions.Run(inline: false);
        return true;
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
        lock (_gate)
        {
            _isArmed = false;
            if (!TryLead())
            {
                return;
            }

            _wantsReactor = false;
        }

        Completions completions = Completions.Rent();
        try
        {
            Turn(TimeSpan.Zero, completions);
        }
        finally
        {
            Leave(isReactor: true);
        }

        // The role is free again, and the poll set armed where others wait: user code may take its time here.
        completions.Run(inline: true);
    }

    public void SetInterest(Link link, PollEvents interest) => _pollSet.Modify(link.Connection.WaitDescriptor, link.Token, interest);

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
        lock (_gate)
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
        lock (_gate)
        {
            if (!_isTornDown)
            {
                WakePump();
                if (!_isPumping)
                {
                    Arm();
                }
            }
        }
    }

    private void StartServing()
    {
        _registration = Reactor.Shared.Register(_pollSet.Descriptor, this);
        if (IsBound)
        {
            RequestPump();
        }
    }

    private bool TryLead()
    {
        if (_isPumping || _isTornDown)
        {
            return false;
        }

        _isPumping = true;
        return true;
    }

    /// <summary>A blocking caller pumps until its own operation is done.</summary>
    private void Lead(Operation operation, Deadline deadline, CancellationToken token)
    {
        lock (_gate)
        {
            Disarm();
        }

        FlushDeferred();
        try
        {
            if (operation.TryBeginLead())
            {
                if (!deadline.IsInfinite && operation is LinkOperation { WantsAnswer: true })
                {
                    // Arming a kernel timer costs as much as many a reply takes.
                    Completions completions = Completions.Rent();
                    YieldFor(operation, completions);
                    completions.Run(inline: false);
                }

                while (!operation.IsClaimed && !deadline.Passed && !token.IsCancellationRequested && !_isClosed)
                {
                    Completions completions = Completions.Rent();
                    Turn(deadline.RemainingWait, completions);
                    completions.Run(inline: false);
                }

                operation.EndLead();
            }
        }
        finally
        {
            Leave(isReactor: false);
        }
    }

    /// <summary>Looks again and again, letting whoever shares the core run in between: some 10 µs in all. Never spins, which would hold up a peer on this core.</summary>
    private void YieldFor(Operation operation, Completions completions)
    {
        for (int i = 0; i < Yields && !operation.IsClaimed; i++)
        {
            Thread.Yield();
            Turn(TimeSpan.Zero, completions);
        }
    }

    private void FlushDeferred()
    {
        // A caller that is about to wait for an answer does not leave its question lying.
        foreach (Link link in _linkCache)
        {
            if (link.IsDeferred)
            {
                link.FlushDeferred();
            }
        }
    }

    private void Leave(bool isReactor)
    {
        Operation? next = null;
        bool tearDown;
        lock (_gate)
        {
            _isPumping = false;
            tearDown = _isClosed;
            if (tearDown)
            {
                _isPumping = true;
            }
            else
            {
                next = NextLeader(isReactor);
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
        if (!_isArmed && !_isTornDown && _registration is not null)
        {
            _isArmed = true;
            _registration.Arm(PollEvents.Read);
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
        if (_isTornDown)
        {
            return;
        }

        if (_wake is null)
        {
            _wake = new EventDescriptor();
            _pollSet.Add(_wake.Descriptor, WakeToken, PollEvents.Read);
        }

        _wake.Signal();
    }

    private void OnSlowTimer()
    {
        Volatile.Write(ref _isSlowDue, false);
        ResumeAccepting();
        foreach (Link link in _linkCache)
        {
            link.Acknowledge();
        }

        lock (_gate)
        {
            if (!_isPumping && !_isClosed)
            {
                Arm();
            }
        }
    }

    /// <summary>Waits, and handles what has come. By the leader.</summary>
    private void Turn(TimeSpan timeout, Completions completions)
    {
        if (!PrepareWait())
        {
            timeout = TimeSpan.Zero;
        }
        else if (timeout > TimeSpan.Zero && timeout < Millisecond)
        {
            // The poll set counts in milliseconds.
            BlockingWait.Wait(_pollSet.Descriptor, PollEvents.Read, timeout);
            timeout = TimeSpan.Zero;
        }

        int count = _pollSet.Wait(_events, timeout);

        // Set while what came is still readable, so that there is no moment between in which nobody seems busy.
        _isInTurn = true;
        EndWait(completions);
        for (int i = 0; i < count; i++)
        {
            (ulong token, PollEvents events) = _events[i];
            if (token == WakeToken)
            {
                _wake!.Drain();
            }
            else if (token == ListenerToken)
            {
                Accept(completions);
            }
            else if (Find(token) is { } link)
            {
                link.OnEvents(events, completions);
            }
        }

        Settle(completions);
        Interlocked.Increment(ref _turns);
        _isInTurn = false;
    }

    /// <summary>Announces the sleep to connections whose peers must know of it; false when one of them has something already.</summary>
    private bool PrepareWait()
    {
        bool mayWait = true;
        foreach (Link link in _announcing)
        {
            mayWait &= link.Connection.PrepareWait();
        }

        return mayWait;
    }

    private void EndWait(Completions completions)
    {
        foreach (Link link in _announcing)
        {
            link.Connection.EndWait();
            link.Receive(completions);
        }
    }

    /// <summary>A blocking wait that is cancelled from outside.</summary>
    private sealed class WaitState(EndpointCore endpoint, Operation operation)
    {
        public void Cancel()
        {
            operation.Nudge();
            lock (endpoint._gate)
            {
                if (endpoint._isPumping)
                {
                    endpoint.WakePump();
                }
            }
        }
    }
}
