using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links;

/// <summary>Sends on a durable address, where a message counts as sent when the broker has stored it.</summary>
/// <param name="core">The endpoint.</param>
internal readonly struct ConfirmedSending(EndpointCore core)
{
    /// <summary>Buffers a message, and blocks until it is confirmed.</summary>
    public void Send(ReadOnlySpan<byte> payload, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        Outbox outbox = new(core);
        Deadline deadline = Deadline.After(timeout, core.Settings.Time);
        Link? link = core.Placement.TheLink;
        if (link is null || outbox.TrySendOn(link, MessageKind.Send, default, payload) != SendResult.Sent)
        {
            LinkResult result = outbox.Call(MessageHeader.Of(MessageKind.Send), default, payload, deadline, cancellationToken);
            outbox.ThrowUnlessSent(result, timeout);
            link = Link.Of(result.PeerLink!);
        }

        new Flushing(core).Flush(link, timeout, deadline, cancellationToken);
    }

    /// <summary>Buffers a message, and completes when it is confirmed. The span is copied if it has to wait.</summary>
    public ValueTask SendAsync(ReadOnlySpan<byte> payload, CancellationToken cancellationToken)
    {
        Outbox outbox = new(core);
        Link? link = core.Placement.TheLink;
        return link is not null && outbox.TrySendOn(link, MessageKind.Send, default, payload) == SendResult.Sent
            ? new Flushing(core).FlushAsync(link, null, default, cancellationToken)
            : FinishAsync(
                outbox.CallOnAsync(null, MessageHeader.Of(MessageKind.Send), default, payload, default, null, cancellationToken),
                cancellationToken);
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
