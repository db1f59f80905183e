using System.Runtime.CompilerServices;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links;

/// <summary>Sends on a durable address, where a message counts as sent when the broker has stored it.</summary>
/// <param name="core">The endpoint.</param>
internal readonly struct ConfirmedSending(EndpointCore core)
{
    /// <summary>Buffers a message, and blocks until it is confirmed.</summary>
    public void Send(Link? link, in OutgoingMessage message, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        Outbox outbox = new(core);
        Deadline deadline = Deadline.After(timeout, core.Settings.Time);
        (LinkOutcome outcome, Link? taker) = outbox.Give(link, message, WhenFull.Refuse);
        if (outcome != LinkOutcome.Sent)
        {
            LinkResult result = outbox.Call(link, message, deadline, cancellationToken);
            outbox.ThrowUnlessSent(result, timeout);
            taker = Link.Of(result.PeerLink!);
        }

        new Flushing(core).Flush(taker!, timeout, deadline, cancellationToken);
    }

    /// <summary>Buffers a message, and completes when it is confirmed. A span is copied if it has to wait.</summary>
    public ValueTask SendAsync(Link? link, in OutgoingMessage message, CancellationToken cancellationToken)
    {
        Outbox outbox = new(core);
        (LinkOutcome outcome, Link? taker) = outbox.Give(link, message, WhenFull.Refuse);
        return outcome == LinkOutcome.Sent
            ? new Flushing(core).FlushAsync(taker!, null, default, cancellationToken)
            : FinishAsync(outbox.CallAsync(link, message, null, cancellationToken), cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FinishAsync(ValueTask<LinkResult> call, CancellationToken cancellationToken)
    {
        EndpointCore endpoint = core;
        LinkResult result = await call.ConfigureAwait(false);
        new Outbox(endpoint).ThrowUnlessSent(result, null);
        await new Flushing(endpoint).FlushAsync(Link.Of(result.PeerLink!), null, default, cancellationToken).ConfigureAwait(false);
    }
}
