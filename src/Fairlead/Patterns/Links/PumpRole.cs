namespace Fairlead.Patterns.Links;

/// <summary>
/// The role, with what its turns complete. It is given back when this is disposed, whatever was thrown meanwhile, and only then the
/// completed are told: nobody keeps the role while user code runs. Where the role was not to be had, nothing is done.
/// </summary>
/// <param name="pump">Whose role this thread has; null where it has not got it.</param>
/// <param name="completions">Given back here.</param>
/// <param name="isReactor">Whether continuations may run on this thread.</param>
internal readonly ref struct PumpRole(Pump? pump, Completions completions, bool isReactor)
{
    /// <summary>One turn, without waiting.</summary>
    public void Turn() => pump?.Turn(TimeSpan.Zero, completions);

    /// <summary>As <see cref="Pump.Serve"/>.</summary>
    public void Serve(TimeSpan? poll) => pump?.Serve(poll, completions);

    /// <summary>As <see cref="CallerWaits.YieldFor"/>.</summary>
    public void YieldFor(Operation operation) => pump?.Callers.YieldFor(operation, completions);

    public void Dispose()
    {
        int awaiting = completions.Awaiting;
        bool areTold = pump is not null
            && (awaiting > 1 || (awaiting == 1 && isReactor && pump.Polling.IsBusy && pump.Awaited.Callers > 1));
        bool areWatched = areTold && pump!.Told.Prepare(inline: isReactor);
        try
        {
            // A caller that has its answer, and is only to be told, does not need the reactor: to arm it would cost a system call each
            // time. Behind a turn of the reactor other peers may need it while the caller runs; where one shares memory, there are none.
            pump?.Leave(isReactor, answered: isReactor && !pump.Memory.IsAlone ? 0 : awaiting);
        }
        finally
        {
            if (areTold)
            {
                (Operation first, Operation last) = completions.TakeAwaiting();
                pump!.Told.Tell(first, last, inline: isReactor, areWatched);
            }
            else
            {
                completions.Run(inline: isReactor);
                if (isReactor && awaiting > 0)
                {
                    pump?.Told.Flush();
                }
            }
        }
    }
}

/// <summary>
/// The role, where it is to be had, for one asynchronous call or receive: given back behind <see cref="Lead"/>, or where that came to
/// nothing. The default holds nothing.
/// </summary>
internal ref struct BriefLead
{
    private readonly bool _isReceive;

    // Null where somebody else leads, and from the moment on that it is given back.
    private EndpointCore? _endpoint;

    private BriefLead(EndpointCore endpoint, bool isReceive)
    {
        Pump pump = endpoint.Pump;
        _isReceive = isReceive;
        _endpoint = (isReceive ? pump.Polling.TryLeadForReceive() : pump.Callers.TryLeadBriefly()) ? endpoint : null;
    }

    /// <summary>For a call, before it is sent.</summary>
    public static BriefLead ForCall(EndpointCore endpoint) => new(endpoint, isReceive: false);

    /// <summary>For a receive, before it waits.</summary>
    public static BriefLead ForReceive(EndpointCore endpoint) => new(endpoint, isReceive: true);

    /// <summary>Waits for a moment. Once, behind the sending, or when the receive waits.</summary>
    public void Lead(Operation operation)
    {
        if (_endpoint is { } led)
        {
            _endpoint = null;
            try
            {
                if (_isReceive)
                {
                    led.Pump.Polling.LeadForReceive(operation);
                }
                else
                {
                    led.Pump.Callers.LeadBriefly(operation);
                }
            }
            catch (Exception exception)
            {
                // The call is on its way, or the receive waits: the next leader serves it.
                FairleadEventSource.Log.Contained(led.Address.Display, exception.ToString());
            }
        }
    }

    public void Dispose()
    {
        if (_endpoint is { } led)
        {
            _endpoint = null;
            if (_isReceive)
            {
                BusyPoll.End();
            }

            led.Pump.Leave(isReactor: false);
        }
    }
}
