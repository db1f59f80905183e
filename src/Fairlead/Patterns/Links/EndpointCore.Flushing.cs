namespace Fairlead.Patterns.Links;

/// <content>Waiting until what was sent has left this process.</content>
internal sealed partial class EndpointCore
{
    public void Flush(TimeSpan? timeout, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        ThrowIfClosing();
        ThrowIfLostUnwritten();
        Deadline deadline = Deadline.After(timeout, Settings.Time);
        foreach (Link link in LinkSnapshot)
        {
            FlushOperation operation = FlushOperation.Rent(this, link, isBlocking: true);
            link.Start(operation);
            if (!Wait(operation, deadline, token))
            {
                operation.Withdraw(token.IsCancellationRequested ? new OperationCanceledException(token) : null);
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
        ThrowIfClosing();
        ThrowIfLostUnwritten();
        Deadline deadline = Deadline.After(timeout, Settings.Time);
        foreach (Link link in LinkSnapshot)
        {
            FlushOperation operation = FlushOperation.Rent(this, link, isBlocking: false);
            ValueTask<bool> flushed = operation.Task;
            operation.WatchFor(timeout is null ? null : deadline.Remaining, Settings.Time, token);
            link.Start(operation);
            if (!await flushed.ConfigureAwait(false))
            {
                throw NotFlushed(link, timeout);
            }
        }
    }

    private void ThrowIfLostUnwritten()
    {
        if (EndsWithPeer && LastEnd is { Unwritten: > 0 })
        {
            throw EndException();
        }
    }

    private FairleadException NotFlushed(Link link, TimeSpan? timeout) =>
        new(ErrorCode.Timeout, $"the kernel did not take what was sent within {timeout?.TotalSeconds ?? 0:0.###} s: the peer does not read") { Address = Address, Peer = link.Peer };
}
