using Fairlead.Diagnostics;

namespace Fairlead.Patterns.Links;

/// <content>Closing drains until a deadline, then aborts, and says what was not sent.</content>
internal sealed partial class EndpointCore
{
    private bool IsDrained
    {
        get
        {
            foreach (Link link in Table.All)
            {
                if (!link.IsDrained)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>
    /// Takes nothing new, says goodbye, waits until the peers have read everything and what is in hand has been answered, or the time has
    /// passed, and ends. Whoever calls it while another does waits for the same end, at most for his own time.
    /// </summary>
    public async ValueTask<CloseReport> CloseAsync(TimeSpan timeout)
    {
        Deadline.Check(timeout);
        bool isLate;
        try
        {
            Task end = BeginClose();
            isLate = timeout == TimeSpan.Zero && !end.IsCompleted;
            if (timeout != TimeSpan.Zero && !end.IsCompleted)
            {
                try
                {
                    await end.WaitAsync(Deadline.ForTask(timeout), Settings.Time).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    isLate = true;
                }
            }
        }
        finally
        {
            Dispose();
        }

        return Life.Report with { DeadlinePassed = isLate };
    }

    /// <summary>The same, and blocks. By the system's clock no thread of the pool is needed to wake the caller.</summary>
    public CloseReport Close(TimeSpan timeout)
    {
        Deadline.Check(timeout);
        bool isLate;
        try
        {
            isLate = !IsOverWithin(BeginClose(), timeout);
        }
        finally
        {
            Dispose();
        }

        return Life.Report with { DeadlinePassed = isLate };
    }

    /// <summary>Ends at once. When it returns, the name is free and no callback runs any more.</summary>
    public void Dispose()
    {
        bool leads = false;
        using (Gate.Hold())
        {
            if (Life.TryEnd())
            {
                leads = Pump.TryLeadForGood();
                if (!leads)
                {
                    Pump.Wake();
                }
            }
        }

        if (leads)
        {
            TearDown();
        }
        else
        {
            // Whoever pumps tears down; it runs no user code in between, so this is short.
            Life.Gone.Wait();
        }
    }

    /// <summary>
    /// Lets nobody in any more, if nobody is there but peers of this pattern and nothing lies here unread: all that was received are the
    /// messages that the user has taken. Whoever connects from then on finds nobody, and whoever was let in before is seen by this. Waits
    /// for nobody.
    /// </summary>
    public bool TryRetire(PatternKind others, long taken)
    {
        using (Gate.Hold())
        {
            // One does it: whoever hears that it is done shall find nobody listening.
            if (!Receivers.IsEmpty
                || Counters.MessagesReceived != taken
                || Array.Exists(Table.All, link => link.State == LinkState.Handshaking || link.PeerPattern != others)
                || !Life.TryRetire())
            {
                return false;
            }
        }

        _acceptor.Stop();
        return true;
    }

    /// <summary>
    /// Takes nothing new and says goodbye, if nobody has done so before. The task completes when everything is drained; for a later caller
    /// when the endpoint is gone.
    /// </summary>
    private Task BeginClose()
    {
        bool isFirst;
        using (Completions completions = Completions.Rent())
        using (Gate.Hold())
        {
            // From here on nothing is handed out: what the goodbye acknowledges is final.
            isFirst = Life.TryBeginClose();
            if (isFirst)
            {
                EndWaiters(new ObjectDisposedException(Profile.Name), completions);
            }
        }

        if (!isFirst)
        {
            return Life.Gone;
        }

        _acceptor.Stop();
        Owner.OnClosing();
        foreach (Link link in Table.All)
        {
            link.BeginClose();
        }

        return DrainAsync();
    }

    /// <summary>Blocks until the end, or until the time has passed by the endpoint's clock.</summary>
    private bool IsOverWithin(Task end, TimeSpan timeout)
    {
        if (Settings.Time == TimeProvider.System)
        {
            return end.Wait(timeout.TotalMilliseconds > int.MaxValue ? Timeout.InfiniteTimeSpan : timeout);
        }

        try
        {
            end.WaitAsync(Deadline.ForTask(timeout), Settings.Time).GetAwaiter().GetResult();
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private Task DrainAsync()
    {
        if (IsDrained)
        {
            return Task.CompletedTask;
        }

        // Ended by the pump when nothing is on its way any more, or by the tear-down. Until then the reactor waits like for any
        // asynchronous caller.
        Pump.Awaited.CountCaller(+1);
        Task drained = Life.BeginDrain();
        Pump.RequestTurn();
        return drained;
    }

    /// <summary>
    /// By whoever holds the role, for good. It is done to the last step, whatever one of them throws, and those who wait for the end hear
    /// of it.
    /// </summary>
    public void TearDown()
    {
        using Completions completions = Completions.Rent();
        Do(Pump.Stop);
        Do(_acceptor.Stop);
        Do(Owner.OnClosing);
        Do(() =>
        {
            using (Gate.Hold())
            {
                // Before the links go down: that would tell the receivers of a connected end that its peer has gone.
                EndWaiters(new ObjectDisposedException(Profile.Name), completions);
            }
        });
        foreach (Link link in Table.All)
        {
            Do(link.SayGoodbye);
            Do(() => link.GoDown(new LinkEnd(CloseReason.ClosedByUs, null), completions));
        }

        Do(() => ReleaseAll(completions));
        Do(Broadcasts.Dispose);
        Do(Pump.Dispose);
        Do(Presence.Dispose);
        Do(Drops.Dispose);
        Do(() => EndpointMeter.Remove(_entry.Counters));
        Do(_entry.Dispose);
        if (Life.TryEndDrain())
        {
            Pump.Awaited.CountCaller(-1);
        }

        Life.SetGone();
        Do(Completion.OnGone);
        Do(() => Array.ForEach(Pump.Callers.Followers(), static follower => follower.Nudge()));

        void Do(Action step) => Finishing.Do(Address.Display, step);
    }

    /// <summary>Ends whoever has come since the first time, and gives back what nobody will read.</summary>
    private void ReleaseAll(Completions completions)
    {
        using (Gate.Hold())
        {
            Life.SetTornDown();
            EndWaiters(new ObjectDisposedException(Profile.Name), completions);
            Life.SetReport(Placement.Report);
            Receivers.Release();
        }
    }

    /// <summary>Ends whoever waits for a message or a peer. Under the gate.</summary>
    private void EndWaiters(ObjectDisposedException error, Completions completions)
    {
        Receivers.End(error, completions);
        Placement.End(error, completions);
    }
}
