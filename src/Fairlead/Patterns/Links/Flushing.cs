namespace Fairlead.Patterns.Links;

/// <summary>Waits until what an endpoint has sent has left this process.</summary>
/// <remarks>
/// Owns nothing: each link keeps the callers that wait for it (<see cref="FlushWaiters"/>). User threads call it, with no lock held.
/// </remarks>
/// <param name="core">The endpoint that has sent.</param>
internal readonly struct Flushing(EndpointCore core)
{
    /// <summary>Blocks until all links are flushed, the time has passed, or the token is cancelled.</summary>
    public void Flush(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        core.Life.ThrowIfClosing();
        Link[] links = LinksToFlush();
        Deadline deadline = Deadline.After(timeout, core.Settings.Time);
        foreach (Link link in links)
        {
            FlushOperation operation = FlushOperation.Rent(core, link, isBlocking: true);
            try
            {
                link.Output.Start(operation);
                if (!core.Pump.Callers.Wait(operation, deadline, cancellationToken))
                {
                    operation.Withdraw(
                        cancellationToken.IsCancellationRequested ? new OperationCanceledException(cancellationToken) : null);
                }
            }
            catch (Exception exception)
            {
                operation.Withdraw(exception);
            }

            if (!operation.Take())
            {
                throw NotFlushed(link, timeout);
            }
        }
    }

    /// <summary>Does the same without blocking a thread.</summary>
    public async ValueTask FlushAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        core.Life.ThrowIfClosing();
        Link[] links = LinksToFlush();
        Deadline deadline = Deadline.After(timeout, core.Settings.Time);
        foreach (Link link in links)
        {
            FlushOperation operation = FlushOperation.Rent(core, link, isBlocking: false);
            ValueTask<bool> flushed = operation.Task;
            try
            {
                operation.WatchFor(timeout is null ? null : deadline.Remaining, core.Settings.Time, cancellationToken);
                link.Output.Start(operation);
            }
            catch (Exception exception)
            {
                operation.Withdraw(exception);
            }

            if (!await flushed.ConfigureAwait(false))
            {
                throw NotFlushed(link, timeout);
            }
        }
    }

    /// <summary>Returns the links that there are. Fails if the only link has gone, and has taken what was sent with it.</summary>
    private Link[] LinksToFlush()
    {
        // Both at one moment: a link that has gone is not among the links any more, and what it took with it is known.
        using (core.Pump.Gate.Hold())
        {
            if (core.Presence.LastEnd is not { Unwritten: > 0 })
            {
                return core.Table.All;
            }
        }

        throw core.Presence.EndException();
    }

    private FairleadException NotFlushed(Link link, TimeSpan? timeout) =>
        new(ErrorCode.Timeout, $"the kernel did not take what was sent within {timeout?.TotalSeconds ?? 0:0.###} s: the peer does not read")
        {
            Address = core.Address,
            Peer = link.Peer,
        };
}
