using System.Buffers;
using System.Diagnostics;
using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Output;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>
/// Sequences: several buffers as one message. A single buffer is sent like any other payload. Several are copied separately to the
/// message's place. A dropping policy joins them first, because then no caller waits and keeps them.
/// </content>
internal readonly partial struct Outbox
{
    public SendResult TrySend(in ReadOnlySequence<byte> parts)
    {
        CheckLength(parts, core);
        return TrySend(MessageKind.Send, default, parts);
    }

    /// <summary>Sends to one of many peers without waiting and without dropping anything.</summary>
    public SendResult TryTo(Link link, in ReadOnlySequence<byte> parts)
    {
        CheckLength(parts, core);
        if (core.Policy.Drops() || parts.IsSingleSegment)
        {
            using Joined whole = new(parts);
            return TryTo(link, whole.Span);
        }

        ThrowIfClosing();
        return TrySendOn(link, MessageKind.Send, default, parts);
    }

    /// <summary>Blocks until sent to this link or, with null, to the next one in the round robin.</summary>
    public void Send(Link? link, in ReadOnlySequence<byte> parts, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        CheckLength(parts, core);
        if (core.Policy.Drops())
        {
            using Joined whole = new(parts);
            PostOrThrow(link, whole.Span);
        }
        else if (core.Settings.Confirms)
        {
            using Joined whole = new(parts);
            new ConfirmedSending(core).Send(whole.Span, timeout, cancellationToken);
        }
        else if (parts.Length >= LinkOutput.LongPayload || TrySend(link, parts) != SendResult.Sent)
        {
            Deadline deadline = Deadline.After(timeout, core.Settings.Time);
            ThrowUnlessSent(
                CallOn(link, MessageHeader.Of(MessageKind.Send), default, default, deadline, cancellationToken, parts: parts), timeout);
        }
    }

    /// <summary>Sends to this link or, with null, to the next one in the round robin.</summary>
    public ValueTask SendAsync(Link? link, in ReadOnlySequence<byte> parts, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        CheckLength(parts, core);
        if (core.Policy.Drops())
        {
            using Joined whole = new(parts);
            return PostAsync(link, whole.Span);
        }

        if (core.Settings.Confirms)
        {
            using Joined whole = new(parts);
            return new ConfirmedSending(core).SendAsync(whole.Span, cancellationToken);
        }

        return parts.Length < LinkOutput.LongPayload && TrySend(link, parts) == SendResult.Sent
            ? default
            : FinishSendAsync(
                CallOnAsync(link, MessageHeader.Of(MessageKind.Send), default, default, default, null, cancellationToken, parts: parts));
    }

    public Delivery Deliver(Link? link, in ReadOnlySequence<byte> parts, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        CheckLength(parts, core);
        Deadline deadline = Deadline.After(timeout, core.Settings.Time);
        return ToDelivery(
            CallOn(link, MessageHeader.Of(MessageKind.Deliver), default, default, deadline, cancellationToken, parts: parts), timeout);
    }

    public ValueTask<Delivery> DeliverAsync(
        Link? link, in ReadOnlySequence<byte> parts, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<Delivery>(cancellationToken);
        }

        CheckLength(parts, core);
        return FinishDeliverAsync(
            CallOnAsync(link, MessageHeader.Of(MessageKind.Deliver), default, default, default, timeout, cancellationToken, parts: parts),
            timeout);
    }

    /// <summary>Refuses a message that is longer than an array can be, whatever the peer accepts.</summary>
    public static void CheckLength(in ReadOnlySequence<byte> parts, EndpointContext endpoint)
    {
        if (parts.Length > Array.MaxLength - ushort.MaxValue)
        {
            throw new FairleadException(
                ErrorCode.TooLarge,
                $"the buffers have {parts.Length} bytes together, but a message must be shorter than 2 GiB",
                "Send several messages.")
            {
                Address = endpoint.Address,
            };
        }
    }

    private SendResult TrySend(Link? link, in ReadOnlySequence<byte> parts)
    {
        ThrowIfClosing();
        return link is null ? TrySend(MessageKind.Send, default, parts) : TrySendOn(link, MessageKind.Send, default, parts);
    }

    private void Check(Link? link, ReadOnlySpan<byte> payload, in ReadOnlySequence<byte> parts, int headLength)
    {
        if (headLength + payload.Length + parts.Length > EndpointSettings.NoLimit)
        {
            // Also without a peer that has announced what it accepts.
            throw new FairleadException(
                ErrorCode.TooLarge,
                $"the message has {payload.Length + parts.Length} bytes; the limit is {EndpointSettings.NoLimit}",
                "Send several messages, or pass an open file.")
            {
                Address = core.Address,
            };
        }

        link?.Sending.Check(parts.IsEmpty ? new OutgoingPayload(payload) : new OutgoingPayload(parts), headLength);
    }
}
