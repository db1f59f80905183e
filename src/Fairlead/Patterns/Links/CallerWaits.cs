using System.Diagnostics;
using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <summary>
/// How a caller waits in its own thread until its operation is done: it leads, or it follows whoever does; and how one that does not block
/// makes room for its answer for a moment.
/// </summary>
/// <remarks>
/// Owns the list of those that follow, under the endpoint's gate, and the experience of the last brief leads, which is the leader's.
/// </remarks>
internal sealed class CallerWaits(EndpointCore endpoint, Pump pump)
{
    private const int Yields = 20;

    private readonly List<Operation> _followers = [];
    private Backoff _briefLeads;

    /// <summary>The first that follows and is not done. Under the gate.</summary>
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

    /// <summary>All that follow, at the endpoint's end.</summary>
    public Operation[] Followers()
    {
        using (pump.Gate.Hold())
        {
            return [.. _followers];
        }
    }

    /// <summary>
    /// Waits in this thread until the operation is done, the time has passed, or the token is cancelled. True when it is done; else the
    /// caller withdraws it.
    /// </summary>
    public bool Wait(Operation operation, Deadline deadline, CancellationToken cancellationToken)
    {
        if (operation.IsClaimed)
        {
            return true;
        }

        using CancellationTokenRegistration registration = cancellationToken.CanBeCanceled
            ? cancellationToken.UnsafeRegister(static state => ((WaitState)state!).Cancel(), new WaitState(pump, operation))
            : default;
        using ClockAlarm? alarm = deadline.OwnClock is { } clock ? new ClockAlarm(clock, pump, operation) : null;
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
                    endpoint.Table.FlushDeferred();
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

    /// <summary>
    /// Before an asynchronous call is sent: takes the role for a moment, if its caller shall lead itself. Where the peer was woken on this
    /// very core, it can only answer when this thread makes room, and every instruction until then is added to the call; so this thread
    /// yields some times before it leaves the rest to the reactor. Only a call that is alone does so, and less and less often where replies
    /// take longer.
    /// </summary>
    public bool TryLeadBriefly()
    {
        if (pump.Memory.IsAlone && endpoint.Settings.Waiting == WaitStrategy.Efficient)
        {
            return false;
        }

        return !_briefLeads.Skips() && TryLeadAlone(others: false);
    }

    /// <summary>Takes the role where nobody leads or follows.</summary>
    /// <param name="others">Whether somebody is to wait here without a thread already; else nobody.</param>
    public bool TryLeadAlone(bool others)
    {
        using (pump.Gate.Hold())
        {
            if (endpoint.IsClosing
                || pump.Awaited.Callers > 0 != others
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

    /// <summary>After it was sent: waits for a moment and gives the role back.</summary>
    public void LeadBriefly(Operation operation)
    {
        using PumpRole role = new(pump, Completions.Rent(), isReactor: false);
        if (!operation.IsClaimed)
        {
            endpoint.Table.FlushDeferred();
            role.YieldFor(operation);
            _briefLeads.Note(hasPaid: operation.IsClaimed);
        }
    }

    /// <summary>
    /// Looks again and again, letting whoever shares the core run in between: some 10 µs in all, where memory is shared 50. Never spins for
    /// long, which would hold up a peer on this core. By the leader.
    /// </summary>
    public void YieldFor(Operation operation, Completions completions)
    {
        if (pump.Memory.IsAlone)
        {
            // No longer than a wake-up would cost; the poll set, whose turn costs more than a look, waits meanwhile.
            if (pump.Memory.Look(Timeout.InfiniteTimeSpan))
            {
                pump.Memory.IsSoon = true;
                pump.Serve(pump.Memory.PollIfDue(), completions);
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
            if (!pump.Memory.IsAlone)
            {
                pump.Disarm();
                return;
            }

            // Whoever had armed the reactor had it announced that somebody sleeps. Nobody does: the peer need not ring, and what else there
            // may be wakes the reactor as before.
            endpoint.Table.EndWait();
        }
    }

    /// <summary>A follower that was to lead may have ended instead: then another does.</summary>
    private void PassOn()
    {
        Operation? next;
        using (pump.Gate.Hold())
        {
            next = pump.IsLed || endpoint.Life.IsTornDown ? null : pump.FindNext(isReactor: false);
        }

        next?.Nudge();
    }

    /// <summary>A blocking caller pumps until its own operation is done.</summary>
    private void Lead(Operation operation, Deadline deadline, ClockAlarm? alarm, CancellationToken cancellationToken)
    {
        try
        {
            if (!pump.Memory.IsAlone)
            {
                using (pump.Gate.Hold())
                {
                    pump.Disarm();
                }
            }

            endpoint.Table.FlushDeferred();
            if (operation.TryBeginLead())
            {
                if (!deadline.IsInfinite && endpoint.Table.Announcing.Length == 0 && operation is LinkOperation { WantsAnswer: true })
                {
                    // Arming a kernel timer costs as much as many a reply takes.
                    using Completions completions = Completions.Rent();
                    YieldFor(operation, completions);
                }

                pump.Memory.IsLedByReceiver = operation is ReceiveOperation;
                while (!operation.IsClaimed && !deadline.Passed && !cancellationToken.IsCancellationRequested && !endpoint.Life.IsClosed)
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
            pump.Memory.IsLedByReceiver = false;
            pump.Leave(isReactor: false);
        }
    }

    /// <summary>A blocking wait that is cancelled from outside.</summary>
    private sealed class WaitState(Pump pump, Operation operation)
    {
        public void Cancel()
        {
            operation.Nudge();
            pump.WakeLeader();
        }
    }

    /// <summary>
    /// Wakes a caller that blocks when its time has passed by a clock that is not the system's. Its tick reads no clock: the caller does,
    /// and arms it again if the tick was early.
    /// </summary>
    private sealed class ClockAlarm(TimeProvider clock, Pump pump, Operation operation) : IAlarmed, IDisposable
    {
        private ITimer? _timer;

        /// <summary>By the caller, before it sleeps. A tick that comes first is not lost.</summary>
        public void Arm(Deadline deadline)
        {
            TimeSpan due = deadline.RemainingTimer;
            if (_timer is null)
            {
                _timer = Alarm.Create(clock, this, due, Timeout.InfiniteTimeSpan);
            }
            else
            {
                _timer.Change(due, Timeout.InfiniteTimeSpan);
            }
        }

        public void Dispose() => _timer?.Dispose();

        void IAlarmed.OnAlarm()
        {
            operation.Nudge();
            pump.WakeLeader();
        }
    }
}
