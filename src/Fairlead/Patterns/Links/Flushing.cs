namespace Fairlead.Patterns.Links;

/// <summary>Waits until the messages sent by an endpoint have left this process.</summary>
/// <remarks>
/// Owns nothing: each link keeps the callers that wait for it (<see cref="FlushWaiters"/>). User threads call this, with no lock held.
/// </remarks>
/// <param name="core">The endpoint to flush.</param>
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

    /// <summary>Completes when all links are flushed, without blocking a thread.</summary>
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

    /// <summary>Returns the current links. Throws if the only link is gone and has lost unwritten output.</summary>
    private Link[] LinksToFlush()
    {
        // Both in one step: a link that is gone has left the table, and the bytes it lost are known.
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
        new(ErrorCode.Timeout, $"the output was not flushed within {SecondsText.Of(timeout)}, because the peer does not read")
        {
            Address = core.Address,
            Peer = link.Peer,
        };
}
