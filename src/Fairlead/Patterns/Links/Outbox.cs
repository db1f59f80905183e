using System.Diagnostics;
using System.Runtime.CompilerServices;
using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Output;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links;

/// <summary>The sending half of every pattern that sends. Waits for credit, and for a peer if a bound endpoint has none.</summary>
/// <param name="core">The endpoint.</param>
/// <param name="isStream">Whether more messages for many peers follow immediately (<see cref="FanOut"/>).</param>
internal readonly partial struct Outbox(EndpointCore core, bool isStream = false)
{
    /// <summary>Whether messages carry the current trace. A foreign program would read it as part of the message.</summary>
    private bool IsTraced => Tracing.IsOn && !core.Settings.IsRaw;

    /// <summary>Returns the length of a head that includes the current trace, or 0 without a trace.</summary>
    /// <remarks>
    /// Also 0 if the trace would make the message too long for the peer, because tracing must not change what arrives.
    /// </remarks>
    private int SpaceForTrace(Link? link, int headLength, int payloadLength)
    {
        int traced = headLength + Tracing.HeadBytes;
        return IsTraced && link?.LinkSender.Takes(traced + payloadLength) != false ? traced : 0;
    }

    /// <summary>Returns whether an unsent message may go to another peer, or to the same one after reconnecting.</summary>
    /// <remarks>Not if it might be an answer to messages that are still unread here.</remarks>
    private bool IsMovable(MessageKind kind) => kind == MessageKind.Request || (!core.IsBound && core.Profile.Takes.Length == 0);

    /// <summary>Sends to this link or, with null, to the next one in the round robin, if that works immediately.</summary>
    /// <remarks>Nothing is dropped. Under a dropping policy, a message that waits at this end counts as sent.</remarks>
    public SendResult TrySend(Link? link, in OutgoingPayload payload) => TrySend(link, new OutgoingMessage(MessageKind.Send, payload));

    private SendResult TrySend(Link? link, in OutgoingMessage message)
    {
        ThrowIfClosing();
        WhenFull whenFull = core.Policy.Drops() ? WhenFull.Queue : WhenFull.Refuse;
        return ToSendResult(Give(link, message, whenFull).Outcome);
    }

    /// <summary>Buffers a message. Blocks until there are a peer and credit.</summary>
    public void Send(ReadOnlySpan<byte> payload, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested || !core.FastPath.TrySendPlain(payload))
        {
            SendTo(null, payload, timeout, cancellationToken);
        }
    }

    /// <summary>Buffers a message for this link or, with null, for the next one in the round robin. Blocks until there is
    /// credit.</summary>
    /// <param name="link">The link.</param>
    /// <param name="payload">The payload.</param>
    /// <param name="timeout">When the caller gives up.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="head">Placed before the payload.</param>
    public void SendTo(
        Link? link,
        in OutgoingPayload payload,
        TimeSpan? timeout,
        CancellationToken cancellationToken,
        ReadOnlySpan<byte> head = default)
    {
        OutgoingMessage message = new(MessageHeader.Of(MessageKind.Send), head, payload);
        cancellationToken.ThrowIfCancellationRequested();
        if (core.Policy.Drops())
        {
            GiveOrThrow(link, message);
        }
        else if (core.Settings.Confirms)
        {
            new ConfirmedSending(core).Send(link, message, timeout, cancellationToken);
        }
        else if (payload.Length >= LinkOutput.LongPayload || TrySend(link, message) != SendResult.Sent)
        {
            Deadline deadline = Deadline.After(timeout, core.Settings.Time);
            ThrowUnlessSent(Call(link, message, deadline, cancellationToken), timeout);
        }
    }

    public ValueTask SendAsync(ReadOnlySpan<byte> payload, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested && core.FastPath.TrySendPlain(payload)
            ? default
            : SendToAsync(null, payload, cancellationToken);

    public ValueTask SendAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested && core.FastPath.TrySendPlain(payload.Span)
            ? default
            : SendToAsync(null, payload, cancellationToken);

    /// <summary>Buffers a message for this link or, with null, for the next one in the round robin. Completes when there is
    /// credit.</summary>
    public ValueTask SendToAsync(
        Link? link, in OutgoingPayload payload, CancellationToken cancellationToken, ReadOnlySpan<byte> head = default)
    {
        OutgoingMessage message = new(MessageHeader.Of(MessageKind.Send), head, payload);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        if (core.Policy.Drops())
        {
            try
            {
                GiveOrThrow(link, message);
                return default;
            }
            catch (FairleadException exception)
            {
                return ValueTask.FromException(exception);
            }
        }

        if (core.Settings.Confirms)
        {
            return new ConfirmedSending(core).SendAsync(link, message, cancellationToken);
        }

        return payload.Length < LinkOutput.LongPayload && TrySend(link, message) == SendResult.Sent
            ? default
            : FinishSendAsync(CallAsync(link, message, null, cancellationToken));
    }

    /// <summary>Sends to this link or, with null, to the next one in the round robin. Blocks until the receipt arrives.</summary>
    public Delivery Deliver(
        Link? link,
        in OutgoingPayload payload,
        TimeSpan? timeout,
        CancellationToken cancellationToken,
        ReadOnlySpan<byte> head = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline deadline = Deadline.After(timeout, core.Settings.Time);
        OutgoingMessage message = new(MessageHeader.Of(MessageKind.Deliver), head, payload);
        return ToDelivery(Call(link, message, deadline, cancellationToken), timeout);
    }

    /// <summary>Sends to this link or, with null, to the next one in the round robin. Completes with the receipt.</summary>
    public ValueTask<Delivery> DeliverAsync(
        Link? link,
        in OutgoingPayload payload,
        TimeSpan? timeout,
        CancellationToken cancellationToken,
        ReadOnlySpan<byte> head = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<Delivery>(cancellationToken);
        }

        OutgoingMessage message = new(MessageHeader.Of(MessageKind.Deliver), head, payload);
        return FinishDeliverAsync(CallAsync(link, message, timeout, cancellationToken), timeout);
    }

    /// <summary>Reads acknowledgements before a queue counts as full, because no thread may have read them yet.</summary>
    private void LookForRoom(Link? link, int length)
    {
        if (link is not null && link.Policy != OverflowPolicy.Wait && !link.LinkSender.HasRoom(length))
        {
            core.Pump.CatchUp();
        }
    }

    private void Start(LinkOperation operation, Link? link)
    {
        if (link is null)
        {
            core.Placement.Start(operation);
            return;
        }

        operation.PeerLink = link;
        link.LinkSender.Start(operation);
    }

    /// <summary>Throws if the other end does not speak Fairlead's protocol, which receipts need.</summary>
    public void RequireProtocol()
    {
        if (core.Settings.IsForeign)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "a program that does not speak Fairlead's protocol cannot send receipts",
                "Send without a receipt, or remove ?framing= at both ends.")
            {
                Address = core.Address,
            };
        }

        if (core.Settings.IsRaw)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"{core.Address.Scheme}:// cannot carry receipts back",
                "Send without a receipt, or choose another address.")
            {
                Address = core.Address,
            };
        }
    }

    public void ThrowIfClosing() => core.Life.ThrowIfClosing();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FinishSendAsync(ValueTask<LinkResult> call)
    {
        Outbox self = this;
        LinkResult result = await call.ConfigureAwait(false);
        self.ThrowUnlessSent(result, null);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<Delivery> FinishDeliverAsync(ValueTask<LinkResult> call, TimeSpan? timeout)
    {
        LinkResult result = await call.ConfigureAwait(false);
        return ToDelivery(result, timeout);
    }
}
