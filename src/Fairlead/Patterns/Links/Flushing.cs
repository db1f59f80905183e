using System.Runtime.CompilerServices;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Output;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links;

/// <summary>Waits until the messages sent by an endpoint have left this process or, on a durable address, are confirmed.</summary>
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
            Flush(link, timeout, deadline, cancellationToken);
        }
    }

    /// <summary>Blocks until this link is flushed; otherwise like the other overload.</summary>
    public void Flush(Link link, TimeSpan? timeout, Deadline deadline, CancellationToken cancellationToken)
    {
        FlushOperation operation = FlushOperation.Rent(core, link, isBlocking: true);
        try
        {
            link.Output.Start(operation);
            if (!core.Pump.CallerWaits.Wait(operation, deadline, cancellationToken))
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

    /// <summary>Completes when all links are flushed, without blocking a thread.</summary>
    public async ValueTask FlushAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        core.Life.ThrowIfClosing();
        Link[] links = LinksToFlush();
        Deadline deadline = Deadline.After(timeout, core.Settings.Time);
        Flushing self = this;
        foreach (Link link in links)
        {
            await self.FlushAsync(link, timeout, deadline, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Completes when this link is flushed; otherwise like the other overload.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask FlushAsync(Link link, TimeSpan? timeout, Deadline deadline, CancellationToken cancellationToken)
    {
        Flushing self = this;
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
            throw self.NotFlushed(link, timeout);
        }
    }

    /// <summary>Returns the current links. Throws if the only link is gone and has lost output.</summary>
    private Link[] LinksToFlush()
    {
        // Both in one step: a link that is gone has left the table, and the bytes it lost are known.
        using (core.Pump.Gate.Hold())
        {
            bool hasLost = core.Presence.LastEnd is { } end && (core.Settings.Confirms ? end.InDoubt > 0 : end.Unwritten > 0);
            if (!hasLost)
            {
                return core.Table.All;
            }
        }

        throw core.Presence.EndException();
    }

    private FairleadException NotFlushed(Link link, TimeSpan? timeout) =>
        core.Settings.Confirms
            ? new(
                ErrorCode.Timeout,
                $"the broker did not confirm the messages within {SecondsText.Of(timeout)}; it may store them later"
                    + (core.Presence.Hindrance is { } hindrance ? $" ({hindrance})" : ""),
                "Wait longer, or call FlushAsync to wait again.")
            {
                Address = core.Address,
                Peer = link.Peer,
            }
            : new(ErrorCode.Timeout, $"the output was not flushed within {SecondsText.Of(timeout)}, because the peer does not read")
            {
                Address = core.Address,
                Peer = link.Peer,
            };
}
