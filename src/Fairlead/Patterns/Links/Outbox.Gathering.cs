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
        if (parts.IsSingleSegment)
        {
            return TrySend(MessageKind.Send, default, parts.FirstSpan);
        }

        CheckLength(parts, core);
        if (core.Policy.Drops())
        {
            using Joined whole = new(parts);
            return TrySend(MessageKind.Send, default, whole.Span);
        }

        // Checked first: a closed endpoint has no peer either, but that is not the error to report.
        ThrowIfClosing();
        return core.Placement.TheLink is { } link ? TrySendOn(link, parts)
            : core.Presence.AwaitsPeers ? SendResult.NoPeer
            : SendResult.PeerGone;
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

        return TrySendOn(link, parts);
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
        else if (parts.Length >= LinkOutput.LongPayload || (link is null ? TrySend(parts) : TrySendOn(link, parts)) != SendResult.Sent)
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

        return parts.Length < LinkOutput.LongPayload && (link is null ? TrySend(parts) : TrySendOn(link, parts)) == SendResult.Sent
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

    private SendResult TrySendOn(Link link, in ReadOnlySequence<byte> parts)
    {
        ThrowIfClosing();
        long start = OperationMeter.StartCall();
        using Activity? activity = Tracing.StartSend(MessageKind.Send, core.Address);
        Span<byte> head = stackalloc byte[SpaceForTrace(link, 0, LengthOf(parts))];
        scoped ReadOnlySpan<byte> whole = head.IsEmpty ? default : Tracing.Extend(default, head);
        link.Sending.Check(parts, whole.Length);
        MessageHeader header = MessageHeader.Of(MessageKind.Send);
        LinkOutcome outcome = link.Sending.TrySend(header, whole, parts);
        if (outcome == LinkOutcome.Full)
        {
            // The acknowledgements may have arrived, with no thread having read them.
            core.Pump.CatchUp();
            outcome = link.Sending.TrySend(header, whole, parts);
        }
        else if (link.Sending.ShouldLookForAcks())
        {
            core.FastPath.LookForAcks();
        }

        if (outcome == LinkOutcome.Sent)
        {
            OperationMeter.EndCall(start, MessageKind.Send, core.MeterTags, null);
        }

        return ToSendResult(outcome);
    }

    /// <summary>Returns the length of all parts, cut to a length that every check rejects as too long.</summary>
    private static int LengthOf(in ReadOnlySequence<byte> parts) => (int)Math.Min(parts.Length, EndpointSettings.NoLimit);

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

        if (parts.IsEmpty)
        {
            link?.Sending.Check(payload, headLength);
        }
        else
        {
            link?.Sending.Check(parts, headLength);
        }
    }
}
