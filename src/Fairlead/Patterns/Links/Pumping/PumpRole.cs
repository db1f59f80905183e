namespace Fairlead.Patterns.Links.Pumping;

/// <summary>The pump role with the operations that its iterations complete. Without the role, the members do nothing.</summary>
/// <remarks>
/// Disposing it gives the role back, even after an exception, and only then signals the completed operations: no thread keeps the role
/// while user code runs.
/// </remarks>
/// <param name="pump">The pump whose role this thread has; null if it does not have the role.</param>
/// <param name="completions">The completed operations, returned to the pool here.</param>
/// <param name="isReactor">Whether continuations may run on this thread.</param>
internal readonly ref struct PumpRole(Pump? pump, Completions completions, bool isReactor)
{
    /// <summary>Runs one iteration without waiting.</summary>
    public void Turn() => pump?.Turn(TimeSpan.Zero, completions);

    /// <summary>Does the same as <see cref="Pump.Serve"/>.</summary>
    public void Serve(TimeSpan? poll, ulong readable = 0) => pump?.Serve(poll, completions, readable);

    /// <summary>Does the same as <see cref="CallerWaits.YieldFor"/>.</summary>
    public void YieldFor(Operation operation) => pump?.CallerWaits.YieldFor(operation, completions);

    public void Dispose()
    {
        int awaiting = completions.Awaiting;

        // While this thread has promised to arm, no other does: a continuation that blocks must be noticed.
        bool areTold = pump is not null
            && (awaiting > 1
                || (awaiting == 1 && isReactor && (pump.BusyPoll.HasPromised || (pump.BusyPoll.IsBusy && pump.AwaitedEvents.Callers > 1))));
        bool areWatched = areTold && pump!.Continuations.Prepare(inline: isReactor);
        try
        {
            // An answered caller that only has to be signalled does not need the reactor; arming would cost a system call each time. After
            // a reactor iteration, other peers may need it while the caller runs. With shared memory, this peer is the only one.
            pump?.Leave(isReactor, answered: isReactor && !pump.MemoryWaiter.IsAlone ? 0 : awaiting);
        }
        finally
        {
            if (areTold)
            {
                (Operation first, Operation last) = completions.TakeAwaiting();
                pump!.Continuations.Tell(first, last, inline: isReactor, areWatched);
            }
            else
            {
                completions.Run(inline: isReactor);
                if (isReactor && awaiting > 0)
                {
                    pump?.Continuations.Flush();
                }
            }
        }
    }
}

/// <summary>The pump role for one asynchronous call or receive, if it is free. The default value holds nothing.</summary>
/// <remarks>The role is given back after <see cref="Lead"/>, or by disposing if that was not called.</remarks>
internal ref struct BriefLead
{
    private readonly bool _isReceive;

    // Null if another thread leads, and after the role has been given back.
    private Pump? _pump;

    private BriefLead(Pump pump, bool isReceive)
    {
        _isReceive = isReceive;
        _pump = (isReceive ? pump.BusyPoll.TryLeadForReceive() : pump.CallerWaits.TryLeadBriefly()) ? pump : null;
    }

    /// <summary>Takes the role for a call whose operation has begun, before it is sent.</summary>
    public static BriefLead ForCall(Pump pump) => new(pump, isReceive: false);

    /// <summary>Takes the role for a receive, before it waits.</summary>
    public static BriefLead ForReceive(Pump pump) => new(pump, isReceive: true);

    /// <summary>Polls or yields. Called once, after sending or when the receive waits.</summary>
    public void Lead(Operation operation)
    {
        if (_pump is { } led)
        {
            _pump = null;
            try
            {
                if (_isReceive)
                {
                    led.BusyPoll.LeadForReceive(operation);
                }
                else
                {
                    led.CallerWaits.LeadBriefly(operation);
                }
            }
            catch (Exception exception)
            {
                // The call is on its way, or the receive is waiting: the next leader serves it.
                FairleadEventSource.Log.Contained(led.Name, exception.ToString());
            }
        }
    }

    public void Dispose()
    {
        if (_pump is { } led)
        {
            _pump = null;
            if (_isReceive)
            {
                BusyPoll.End();
            }

            led.Leave(isReactor: false);
        }
    }
}
