using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <content>How a caller waits in its own thread: it leads, or it follows.</content>
internal sealed partial class EndpointCore
{
    /// <summary>For tests: what is still counted here. Callers that wait without a thread, links that are blocked, links in the middle of a message, callers that look at the memory.</summary>
    public (int Waiting, int Blocked, int Partly, int Looking) Counts => (Volatile.Read(ref _asyncWaiters), Volatile.Read(ref _blockedLinks), Volatile.Read(ref _partlyRead), Volatile.Read(ref _lookers));

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
            using (_gate.Hold())
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
                try
                {
                    operation.Sleep(deadline);
                }
                finally
                {
                    using (_gate.Hold())
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

    /// <summary>A follower that was to lead may have ended instead: then another does.</summary>
    private void PassOn()
    {
        Operation? next;
        using (_gate.Hold())
        {
            next = _isPumping || IsTornDown ? null : NextLeader(isReactor: false);
        }

        next?.Nudge();
    }

    /// <summary>Who takes the role next: a follower, or else the reactor where it is needed. Under the gate.</summary>
    /// <param name="isReactor">Whether it is the reactor that leaves it.</param>
    /// <param name="answered">Of those who wait asynchronously, how many need nobody any more.</param>
    private Operation? NextLeader(bool isReactor, int answered = 0)
    {
        OfferRole();
        foreach (Operation follower in _followers)
        {
            if (!follower.IsClaimed)
            {
                return follower;
            }
        }

        if (_wantsReactor || Volatile.Read(ref _asyncWaiters) > answered || Volatile.Read(ref _blockedLinks) > 0 || _partlyRead > 0)
        {
            Arm();
        }
        else if (isReactor && (IsBound || _profile.HearsAlways))
        {
            // Peers come and ask while the user is away, and the reactor goes on serving them.
            Arm();
        }
        else if (IsBound || !Settings.IsBare)
        {
            // A user who waits in turns is back soon, and arming costs two system calls; one who stays away is to hear of the end all the same, and his peers that he is there.
            // Without credit a connected end leaves what its user does not read to the sender.
            ServeLater();
        }

        return null;
    }

    /// <summary>
    /// Before an asynchronous call is sent: takes the role for a moment, if its caller shall lead itself. Where the peer was woken on this very core, it can only answer when this thread makes
    /// room, and every instruction until then is added to the call; so this thread yields some times before it leaves the rest to the reactor. Only a call that is alone does
    /// so, and less and less often where replies take longer.
    /// </summary>
    public bool TryLeadBriefly()
    {
        if (HasMemoryAlone && Settings.Waiting == WaitMode.Efficient)
        {
            return false;
        }

        if (_briefSkips > 0)
        {
            _briefSkips--;
            return false;
        }

        using (_gate.Hold())
        {
            if (IsClosing || Volatile.Read(ref _asyncWaiters) > 0 || _followers.Count > 0 || !TryLead())
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
            Leave(isReactor: false);
            throw;
        }
    }

    private void PrepareBriefly()
    {
        using (_gate.Hold())
        {
            if (!HasMemoryAlone)
            {
                Disarm();
                return;
            }

            // Whoever had armed the reactor had it announced that somebody sleeps. Nobody does: the peer need not ring, and what else there may be wakes the reactor as before.
            foreach (Link link in _announcing)
            {
                link.EndWait();
            }
        }
    }

    /// <summary>After it was sent: waits for a moment and gives the role back.</summary>
    public void LeadBriefly(Operation operation)
    {
        using PumpRole role = new(this, Completions.Rent(), isReactor: false);
        if (!operation.IsClaimed)
        {
            FlushDeferred();
            role.YieldFor(operation);
            _briefMisses = operation.IsClaimed ? 0 : Math.Min(_briefMisses + 1, MostBriefMisses);
            _briefSkips = (1 << _briefMisses) - 1;
        }
    }

    /// <summary>A blocking caller pumps until its own operation is done.</summary>
    private void Lead(Operation operation, Deadline deadline, CancellationToken token)
    {
        try
        {
            if (!HasMemoryAlone)
            {
                using (_gate.Hold())
                {
                    Disarm();
                }
            }

            FlushDeferred();
            if (operation.TryBeginLead())
            {
                if (!deadline.IsInfinite && _announcing.Length == 0 && operation is LinkOperation { WantsAnswer: true })
                {
                    // Arming a kernel timer costs as much as many a reply takes.
                    using Completions completions = Completions.Rent();
                    YieldFor(operation, completions);
                }

                _isLedByReceiver = operation is ReceiveOperation;
                while (!operation.IsClaimed && !deadline.Passed && !token.IsCancellationRequested && !IsClosed)
                {
                    using Completions completions = Completions.Rent();
                    Turn(deadline.RemainingWait, completions);
                }
            }
        }
        finally
        {
            operation.EndLead();
            _isLedByReceiver = false;
            Leave(isReactor: false);
        }
    }

    /// <summary>Looks again and again, letting whoever shares the core run in between: some 10 µs in all, where memory is shared 50. Never spins for long, which would hold up a peer on this core.</summary>
    public void YieldFor(Operation operation, Completions completions)
    {
        if (HasMemoryAlone)
        {
            // No longer than a wake-up would cost; the poll set, whose turn costs more than a look, waits meanwhile.
            if (LookAtMemory(Timeout.InfiniteTimeSpan))
            {
                Serve(PollIfDue(), completions);
            }

            return;
        }

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

    /// <summary>A blocking wait that is cancelled from outside.</summary>
    private sealed class WaitState(EndpointCore endpoint, Operation operation)
    {
        public void Cancel()
        {
            operation.Nudge();
            using (endpoint._gate.Hold())
            {
                if (endpoint._isPumping)
                {
                    endpoint.WakePump();
                }
            }
        }
    }
}
