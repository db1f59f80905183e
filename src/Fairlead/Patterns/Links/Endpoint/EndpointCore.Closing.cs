using Fairlead.Diagnostics;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Endpoint;

/// <content>Closing: drains until a deadline, then aborts, and reports what was not sent.</content>
internal sealed partial class EndpointCore
{
    // The link at which the last walk of IsDrained ended, as a hint.
    private int _undrained;

    /// <summary>Whether nothing is in transit on any link. Begins with the link that was not drained the last time.</summary>
    private bool IsDrained
    {
        get
        {
            Link[] links = Table.All;
            int start = Volatile.Read(ref _undrained);
            for (int i = 0; i < links.Length; i++)
            {
                int at = (int)(((uint)start + (uint)i) % (uint)links.Length);
                if (!links[at].IsDrained)
                {
                    Volatile.Write(ref _undrained, at);
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Stops taking messages, sends the final message, drains until the timeout, and ends.</summary>
    /// <remarks>
    /// Draining waits until the peers have read everything and all messages in the user's hands have been answered. A second caller waits
    /// for the same end, at most for its own timeout.
    /// </remarks>
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

    /// <summary>Closes like the awaited form, and blocks. With the system clock, no pool thread is needed to wake the caller.</summary>
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

    /// <summary>Ends immediately. When it returns, the name is free and no callback is running.</summary>
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
            // The thread that pumps tears down. It runs no user code in between, so this wait is short.
            Life.Gone.Wait();
        }
    }

    /// <summary>Refuses new connections from now on, if the user has taken every message that was handed out.</summary>
    /// <remarks>Peers that connect later find no listener. This sees every peer accepted earlier. Does not wait.</remarks>
    /// <param name="others">
    /// The only peers that may be connected; then nothing may be unread here, either. Null: whoever is connected, and whatever is unread.
    /// </param>
    /// <param name="taken">How many messages the user has taken.</param>
    public bool TryRetire(PatternKind? others, long taken)
    {
        using (Gate.Hold())
        {
            // Only one call retires. After its return, the listener is closed.
            if (Counters.MessagesReceived != taken || (others is { } only && !HasOnly(only)) || !Life.TryRetire())
            {
                return false;
            }
        }

        _acceptor.Stop();
        return true;
    }

    /// <summary>Whether only peers of this pattern are connected, and nothing is unread. Under the gate.</summary>
    private bool HasOnly(PatternKind others) =>
        Receivers.IsEmpty && !Array.Exists(Table.All, link => link.State == LinkState.Handshaking || link.PeerPattern != others);

    /// <summary>
    /// Takes nothing new and says goodbye, if no earlier call has done so. The task completes when everything is drained; for a later
    /// caller when the endpoint is gone.
    /// </summary>
    private Task BeginClose()
    {
        bool isFirst;
        using (Completions completions = Completions.Rent())
        using (Gate.Hold())
        {
            // From here on nothing is handed out: the acknowledgement in the goodbye is final.
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

        // The pump, or the tear-down, ends this when nothing is in transit any more. Until then the reactor waits as for any asynchronous
        // caller.
        Pump.AwaitedEvents.CountCaller(+1);
        Task drained = Life.BeginDrain();
        Pump.RequestTurn();
        return drained;
    }

    /// <summary>Tears the endpoint down. Called by the thread that has the role permanently.</summary>
    /// <remarks>Every step runs, whatever another one throws, and callers that wait for the end are notified.</remarks>
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
                // Before the links go down, because that would tell the receivers of a connected end that its peer is gone.
                EndWaiters(new ObjectDisposedException(Profile.Name), completions);
            }
        });
        foreach (Link link in Table.All)
        {
            Do(link.SayGoodbye);
            Do(() => link.GoDown(new LinkEnd(CloseReason.ClosedByUs, null), completions));
        }

        Do(() => ReleaseAll(completions));
        Do(BroadcastHolder.Dispose);
        Do(Pump.Dispose);
        Do(Presence.Dispose);
        Do(DropReport.Dispose);
        Do(() => EndpointMeter.Remove(_entry.Counters));
        Do(_entry.Dispose);
        Do(Owner.OnGone);
        if (Life.TryEndDrain())
        {
            Pump.AwaitedEvents.CountCaller(-1);
        }

        Life.SetGone();
        Do(CompletionSource.OnGone);
        Do(() => Array.ForEach(Pump.CallerWaits.Followers(), static follower => follower.Wake()));

        void Do(Action step) => Finishing.Do(Address.Display, step);
    }

    /// <summary>Ends the waiters that came after the first time, and releases unread messages.</summary>
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

    /// <summary>Ends all callers that wait for a message or a peer. Under the gate.</summary>
    private void EndWaiters(ObjectDisposedException error, Completions completions)
    {
        Receivers.End(error, completions);
        Placement.End(error, completions);
    }
}
