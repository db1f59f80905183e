namespace Fairlead.Patterns.Links;

/// <content>Waiting until what was sent has left this process.</content>
internal sealed partial class EndpointCore
{
    public void Flush(TimeSpan? timeout, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        Life.ThrowIfClosing();
        Link[] links = LinksToFlush();
        Deadline deadline = Deadline.After(timeout, Settings.Time);
        foreach (Link link in links)
        {
            FlushOperation operation = FlushOperation.Rent(this, link, isBlocking: true);
            try
            {
                link.Start(operation);
                if (!Pump.Callers.Wait(operation, deadline, token))
                {
                    operation.Withdraw(token.IsCancellationRequested ? new OperationCanceledException(token) : null);
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

    public async ValueTask FlushAsync(TimeSpan? timeout, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        Life.ThrowIfClosing();
        Link[] links = LinksToFlush();
        Deadline deadline = Deadline.After(timeout, Settings.Time);
        foreach (Link link in links)
        {
            FlushOperation operation = FlushOperation.Rent(this, link, isBlocking: false);
            ValueTask<bool> flushed = operation.Task;
            try
            {
                operation.WatchFor(timeout is null ? null : deadline.Remaining, Settings.Time, token);
                link.Start(operation);
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

    /// <summary>Those that there are. Fails where what was sent went with the only one.</summary>
    private Link[] LinksToFlush()
    {
        // Both at one moment: a link that has gone is not among them any more, and what it took with it is known.
        using (Gate.Hold())
        {
            if (!EndsWithPeer || _lastEnd is not { Unwritten: > 0 })
            {
                return Table.All;
            }
        }

        throw EndException();
    }

    private FairleadException NotFlushed(Link link, TimeSpan? timeout) =>
        new(ErrorCode.Timeout, $"the kernel did not take what was sent within {timeout?.TotalSeconds ?? 0:0.###} s: the peer does not read")
        {
            Address = Address,
            Peer = link.Peer,
        };
}
