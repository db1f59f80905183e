using System.Diagnostics;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Pumping;

/// <summary>Makes callers wait in their threads, as leader or as follower, and lets asynchronous callers yield briefly.</summary>
/// <remarks>
/// Owns the list of followers, under the endpoint's gate, and the results of the last brief leads, which belong to the leader. Those of the
/// last waits for answers within the process are a hint without a lock.
/// </remarks>
internal sealed class CallerWaits(IPumpOwner owner, EndpointSettings settings, EndpointLife life, Pump pump)
{
    private const int Yields = 20;

    /// <summary>The yields before a caller sleeps whose answer another thread of the process will bring. <c>bench/README.md</c> states what
    /// they buy.</summary>
    private const int YieldsForAnswer = 60;

    private readonly List<Operation> _followers = [];
    private Backoff _briefLeads;
    private Backoff _answersAwaited;

    /// <summary>The first follower whose operation is not done. Under the gate.</summary>
    public Operation? NextFollower
    {
        get
        {
            foreach (Operation follower in _followers)
            {
                if (!follower.IsClaimed)
                {
                    return follower;
                }
            }

            return null;
        }
    }

    /// <summary>Returns all followers, at the endpoint's end.</summary>
    public Operation[] Followers()
    {
        using (pump.Gate.Hold())
        {
            return [.. _followers];
        }
    }

    /// <summary>Blocks until the operation is done, the time has passed, or the token is cancelled.</summary>
    /// <remarks>Returns true when the operation is done. Otherwise the caller withdraws it.</remarks>
    public bool Wait(Operation operation, Deadline deadline, CancellationToken cancellationToken)
    {
        if (operation.IsClaimed)
        {
            return true;
        }

        if (operation.IsAnsweredInside && AwaitAnswer(operation))
        {
            return true;
        }

        using CancellationTokenRegistration registration = cancellationToken.CanBeCanceled
            ? cancellationToken.UnsafeRegister(static state => ((Operation)state!).Interrupt(), operation)
            : default;
        using ClockAlarm? alarm = deadline.OwnClock is { } clock ? new ClockAlarm(clock, operation) : null;
        bool hasFollowed = false;
        while (!operation.IsClaimed && !deadline.Passed && !cancellationToken.IsCancellationRequested)
        {
            bool leads;
            using (pump.Gate.Hold())
            {
                leads = pump.TryLead();
                if (!leads)
                {
                    _followers.Add(operation);
                }
            }

            if (leads)
            {
                Lead(operation, deadline, alarm, cancellationToken);
            }
            else
            {
                hasFollowed = true;
                try
                {
                    owner.FlushDeferred();
                    alarm?.Arm(deadline);
                    operation.Sleep(deadline);
                }
                finally
                {
                    using (pump.Gate.Hold())
                    {
                        _followers.Remove(operation);
                    }
                }
            }
        }

        if (hasFollowed)
        {
            PassOn();
        }

        return operation.IsClaimed;
    }

    /// <summary>Yields the core for a while, without the role. Returns whether the answer has come.</summary>
    /// <remarks>To be woken costs more than to look again, for the thread that answers too.</remarks>
    private bool AwaitAnswer(Operation operation)
    {
        if (_answersAwaited.Skips())
        {
            return false;
        }

        owner.FlushDeferred();
        for (int i = 0; i < YieldsForAnswer && !operation.IsClaimed; i++)
        {
            Thread.Yield();
        }

        bool isHere = operation.IsClaimed;
        _answersAwaited.Note(hasPaid: isHere);
        return isHere;
    }

    /// <summary>Before an asynchronous call is sent: takes the role for some yields if its caller should lead.</summary>
    /// <remarks>
    /// The operation of the call has begun, so it is one of the callers that are counted.
    /// If the peer was woken on the same core, it can only answer when this thread yields, and every instruction until then delays the
    /// call. So this thread yields several times before it leaves the rest to the reactor. It does so only if no other call waits, and
    /// skips twice as many calls after each reply in a row that takes longer.
    /// </remarks>
    public bool TryLeadBriefly()
    {
        if (pump.MemoryWaiter.IsAlone && settings.WaitStrategy == WaitStrategy.Efficient)
        {
            return false;
        }

        return !_briefLeads.Skips() && TryLeadAlone(others: false, own: 1);
    }

    /// <summary>Takes the role if no thread leads or follows.</summary>
    /// <param name="others">Whether callers must already wait here without a thread, or must not.</param>
    /// <param name="own">How many operations of the caller itself have begun.</param>
    public bool TryLeadAlone(bool others, int own = 0)
    {
        using (pump.Gate.Hold())
        {
            if (life.IsClosing
                || pump.AwaitedEvents.Callers > own != others
                || _followers.Count > 0
                || (others && pump.IsWanted)
                || !pump.TryLead())
            {
                return false;
            }
        }

        try
        {
            PrepareBriefly();
            return true;
        }
        catch
        {
            pump.Leave(isReactor: false);
            throw;
        }
    }

    /// <summary>Yields several times after the call was sent, and gives the role back.</summary>
    public void LeadBriefly(Operation operation)
    {
        using PumpRole role = new(pump, Completions.Rent(), isReactor: false);
        if (!operation.IsClaimed)
        {
            owner.FlushDeferred();
            role.YieldFor(operation);
            _briefLeads.Note(hasPaid: operation.IsClaimed);
        }
    }

    /// <summary>Polls repeatedly and yields the core in between: about 10 µs in all, or 50 µs for shared memory. Called by the
    /// leader.</summary>
    /// <remarks>It never spins for long, because that would hold up a peer on this core.</remarks>
    public void YieldFor(Operation operation, Completions completions)
    {
        if (pump.MemoryWaiter.IsAlone)
        {
            // No longer than a wake-up would cost. An iteration over the poll set costs more than a memory poll, so the poll set waits
            // meanwhile.
            if (pump.MemoryWaiter.Poll(Timeout.InfiniteTimeSpan))
            {
                pump.MemoryWaiter.IsSoon = true;
                pump.Serve(pump.MemoryWaiter.PollIfDue(), completions);
            }

            return;
        }

        for (int i = 0; i < Yields && !operation.IsClaimed; i++)
        {
            Thread.Yield();
            pump.Turn(TimeSpan.Zero, completions);
        }
    }

    private void PrepareBriefly()
    {
        using (pump.Gate.Hold())
        {
            if (!pump.MemoryWaiter.IsAlone)
            {
                pump.Disarm();
                return;
            }

            // The thread that armed the reactor has announced to the peer that it sleeps. Withdraw that, and the peer need not ring; other
            // events still wake the reactor.
            pump.MemoryWaiter.EndWait();
        }
    }

    /// <summary>Wakes another follower, because this one may have ended when it was chosen to lead.</summary>
    private void PassOn()
    {
        Operation? next;
        using (pump.Gate.Hold())
        {
            next = pump.IsLed || life.IsTornDown ? null : pump.FindNext(isReactor: false);
        }

        next?.Wake();
    }

    /// <summary>Pumps in a blocking caller until its own operation is done.</summary>
    private void Lead(Operation operation, Deadline deadline, ClockAlarm? alarm, CancellationToken cancellationToken)
    {
        try
        {
            if (!pump.MemoryWaiter.IsAlone)
            {
                using (pump.Gate.Hold())
                {
                    pump.Disarm();
                }
            }

            owner.FlushDeferred();
            if (operation.TryBeginLead())
            {
                if (!deadline.IsInfinite && pump.MemoryWaiter.Announcing.Length == 0 && operation.WantsAnswer)
                {
                    // Arming a kernel timer costs as much as many replies take.
                    using Completions completions = Completions.Rent();
                    YieldFor(operation, completions);
                }

                pump.MemoryWaiter.IsLedByReceiver = operation.WaitsForMessage;
                while (!operation.IsClaimed && !deadline.Passed && !cancellationToken.IsCancellationRequested && !life.IsClosed)
                {
                    using Completions completions = Completions.Rent();
                    alarm?.Arm(deadline);
                    pump.Turn(deadline.RemainingSleep, completions);
                }
            }
        }
        finally
        {
            operation.EndLead();
            pump.MemoryWaiter.IsLedByReceiver = false;
            pump.Leave(isReactor: false);
        }
    }

    /// <summary>
    /// Wakes a caller that blocks when its time has passed by a clock that is not the system's. Its tick reads no clock: the caller does,
    /// and arms it again if the tick was early.
    /// </summary>
    private sealed class ClockAlarm(TimeProvider clock, Operation operation) : IAlarmed, IDisposable
    {
        private ITimer? _timer;

        // More than a clock advances by itself meanwhile.
        private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(1);

        /// <summary>By the caller, before it sleeps. A tick that comes first is not lost.</summary>
        /// <remarks>A clock that is set during the wait makes the timer late by that, and may never move again.</remarks>
        public void Arm(Deadline deadline)
        {
            TimeSpan due;
            do
            {
                due = deadline.RemainingTimer;
                Start(due);
            }
            while (due - deadline.RemainingTimer > Tolerance);

            if (deadline.Passed)
            {
                operation.Interrupt();
            }
        }

        public void Dispose() => _timer?.Dispose();

        void IAlarmed.OnAlarm() => operation.Interrupt();

        private void Start(TimeSpan due)
        {
            if (_timer is null)
            {
                _timer = Alarm.Create(clock, this, due, Timeout.InfiniteTimeSpan);
            }
            else
            {
                _timer.Change(due, Timeout.InfiniteTimeSpan);
            }
        }
    }
}
