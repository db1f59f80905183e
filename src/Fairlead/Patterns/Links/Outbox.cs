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
    private bool IsTraced => Tracing.IsOn && !core.Settings.IsBare;

    /// <summary>Returns the length of a head that includes the current trace, or 0 without a trace.</summary>
    /// <remarks>
    /// Also 0 if the trace would make the message too long for the peer, because tracing must not change what arrives.
    /// </remarks>
    private int SpaceForTrace(Link? link, int headLength, int payloadLength)
    {
        int traced = headLength + Tracing.HeadBytes;
        return IsTraced && link?.Sending.Takes(traced + payloadLength) != false ? traced : 0;
    }

    /// <summary>Returns whether an unsent message may go to another peer, or to the same one after reconnecting.</summary>
    /// <remarks>Not if it might be an answer to messages that are still unread here.</remarks>
    private bool IsMovable(MessageKind kind) => kind == MessageKind.Request || (!core.IsBound && core.Profile.Takes.Length == 0);

    /// <summary>Buffers a message if that works immediately.</summary>
    public SendResult TrySend(MessageKind kind, ReadOnlySpan<byte> head, in OutgoingPayload payload)
    {
        if (core.Policy.Drops())
        {
            // Then no caller waits and keeps several buffers.
            using Joined whole = payload.IsGathered ? new Joined(payload.Parts) : default;
            return ToSendResult(Post(null, kind, head, payload.IsGathered ? whole.Span : payload.Span, mayDrop: false).Outcome);
        }

        ThrowIfClosing();
        if (core.Placement.TheLink is not { } link)
        {
            return core.Presence.AwaitsPeers ? SendResult.NoPeer : SendResult.PeerGone;
        }

        return TrySendOn(link, kind, head, payload);
    }

    public SendResult TrySendOn(Link link, MessageKind kind, ReadOnlySpan<byte> head, in OutgoingPayload payload)
    {
        long start = OperationMeter.StartCall();
        using Activity? activity = Tracing.StartSend(kind, core.Address);
        Span<byte> space = stackalloc byte[SpaceForTrace(link, head.Length, payload.Length)];
        scoped ReadOnlySpan<byte> whole = space.IsEmpty ? head : Tracing.Extend(head, space);
        link.Sending.Check(payload, whole.Length);
        MessageHeader header = MessageHeader.Of(kind);
        LinkOutcome outcome = link.Sending.TrySend(header, whole, payload, isStream: isStream);
        if (outcome == LinkOutcome.Full)
        {
            // The acknowledgements may have arrived, with no thread having read them.
            core.Pump.CatchUp();
            outcome = link.Sending.TrySend(header, whole, payload, isStream: isStream);
        }
        else if (link.Sending.ShouldLookForAcks())
        {
            core.FastPath.LookForAcks();
        }

        if (outcome == LinkOutcome.Sent)
        {
            // A message that does not go at once is measured where it waits.
            OperationMeter.EndCall(start, kind, core.MeterTags, null);
        }

        return ToSendResult(outcome);
    }

    /// <summary>Buffers a message. Blocks until there are a peer and credit.</summary>
    public void Send(ReadOnlySpan<byte> payload, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested || !core.FastPath.TrySendPlain(payload))
        {
            SendTheOrdinaryWay(payload, timeout, cancellationToken);
        }
    }

    private void SendTheOrdinaryWay(ReadOnlySpan<byte> payload, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (core.Policy.Drops())
        {
            PostOrThrow(null, payload);
            return;
        }

        if (core.Settings.Confirms)
        {
            new ConfirmedSending(core).Send(payload, timeout, cancellationToken);
            return;
        }

        if (payload.Length < LinkOutput.LongPayload && TrySend(MessageKind.Send, default, payload) == SendResult.Sent)
        {
            return;
        }

        Deadline deadline = Deadline.After(timeout, core.Settings.Time);
        LinkResult result = Call(MessageHeader.Of(MessageKind.Send), default, payload, deadline, cancellationToken);
        ThrowUnlessSent(result, timeout);
    }

    public ValueTask SendAsync(ReadOnlySpan<byte> payload, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested && core.FastPath.TrySendPlain(payload)
            ? default
            : SendTheOrdinaryWayAsync(payload, default, cancellationToken);

    public ValueTask SendAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested && core.FastPath.TrySendPlain(payload.Span)
            ? default
            : SendTheOrdinaryWayAsync(default, payload, cancellationToken);

    /// <summary>Sends a span, which is copied if it has to wait, or memory, which is borrowed.</summary>
    private ValueTask SendTheOrdinaryWayAsync(
        ReadOnlySpan<byte> span, ReadOnlyMemory<byte> memory, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        ReadOnlySpan<byte> payload = span.IsEmpty ? memory.Span : span;
        if (core.Policy.Drops())
        {
            return PostAsync(null, payload);
        }

        if (core.Settings.Confirms)
        {
            return new ConfirmedSending(core).SendAsync(payload, cancellationToken);
        }

        if (payload.Length < LinkOutput.LongPayload && TrySend(MessageKind.Send, default, payload) == SendResult.Sent)
        {
            return default;
        }

        return FinishSendAsync(CallOnAsync(null, MessageHeader.Of(MessageKind.Send), default, span, memory, null, cancellationToken));
    }

    public Delivery Deliver(ReadOnlySpan<byte> payload, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline deadline = Deadline.After(timeout, core.Settings.Time);
        LinkResult result = Call(MessageHeader.Of(MessageKind.Deliver), default, payload, deadline, cancellationToken);
        return ToDelivery(result, timeout);
    }

    public ValueTask<Delivery> DeliverAsync(ReadOnlySpan<byte> payload, TimeSpan? timeout, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<Delivery>(cancellationToken)
            : FinishDeliverAsync(
                CallOnAsync(null, MessageHeader.Of(MessageKind.Deliver), default, payload, default, timeout, cancellationToken), timeout);

    public ValueTask<Delivery> DeliverAsync(ReadOnlyMemory<byte> payload, TimeSpan? timeout, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<Delivery>(cancellationToken)
            : FinishDeliverAsync(
                CallOnAsync(null, MessageHeader.Of(MessageKind.Deliver), default, default, payload, timeout, cancellationToken), timeout);

    /// <summary>Reads acknowledgements before a queue counts as full, because no thread may have read them yet.</summary>
    private void LookForRoom(Link? link, int length)
    {
        if (link is not null && link.Policy != OverflowPolicy.Wait && !link.Sending.HasRoom(length))
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
        link.Sending.Start(operation);
    }

    /// <summary>Blocks until sent to one of many peers.</summary>
    public void SendOn(Link link, ReadOnlySpan<byte> payload, TimeSpan? timeout, CancellationToken cancellationToken) =>
        ThrowUnlessSent(
            CallOn(
                link, MessageHeader.Of(MessageKind.Send), default, payload, Deadline.After(timeout, core.Settings.Time), cancellationToken),
            timeout);

    public ValueTask SendOnAsync(Link link, ReadOnlySpan<byte> payload, CancellationToken cancellationToken) =>
        FinishSendAsync(CallOnAsync(link, MessageHeader.Of(MessageKind.Send), default, payload, default, null, cancellationToken));

    public Delivery DeliverOn(Link link, ReadOnlySpan<byte> payload, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ToDelivery(
            CallOn(
                link,
                MessageHeader.Of(MessageKind.Deliver),
                default,
                payload,
                Deadline.After(timeout, core.Settings.Time),
                cancellationToken),
            timeout);
    }

    public ValueTask<Delivery> DeliverOnAsync(
        Link link, ReadOnlySpan<byte> payload, TimeSpan? timeout, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<Delivery>(cancellationToken)
        : FinishDeliverAsync(
            CallOnAsync(link, MessageHeader.Of(MessageKind.Deliver), default, payload, default, timeout, cancellationToken), timeout);

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

        if (core.Settings.IsBare)
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
