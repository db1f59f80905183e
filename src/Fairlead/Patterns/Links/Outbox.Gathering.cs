using System.Buffers;
using System.Diagnostics;
using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>
/// Several buffers as one message. What lies in one piece goes the way of one; the others stay apart until they are where the message lies,
/// except where a policy drops: then nobody waits who could keep them.
/// </content>
internal readonly partial struct Outbox
{
    public SendResult TrySend(in ReadOnlySequence<byte> parts)
    {
        if (parts.IsSingleSegment)
        {
            return TrySend(MessageKind.Send, default, parts.FirstSpan);
        }

        CheckLength(parts);
        if (core.Policy.Drops())
        {
            using Joined whole = new(parts);
            return TrySend(MessageKind.Send, default, whole.Span);
        }

        // First of all: a closed end has no peer, but that is not what is wrong.
        ThrowIfClosing();
        return core.Placement.TheLink is { } link ? TrySendOn(link, parts)
            : core.Presence.AwaitsPeers ? SendResult.NoPeer
            : SendResult.PeerGone;
    }

    /// <summary>Without waiting and without dropping anything, to one of many peers.</summary>
    public SendResult TryTo(Link link, in ReadOnlySequence<byte> parts)
    {
        CheckLength(parts);
        if (core.Policy.Drops() || parts.IsSingleSegment)
        {
            using Joined whole = new(parts);
            return TryTo(link, whole.Span);
        }

        return TrySendOn(link, parts);
    }

    /// <summary>Blocking; to this link, or null: to the one whose turn it is.</summary>
    public void Send(Link? link, in ReadOnlySequence<byte> parts, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        CheckLength(parts);
        if (core.Policy.Drops())
        {
            using Joined whole = new(parts);
            PostOrThrow(link, whole.Span);
        }
        else if (parts.Length >= LinkOutput.LongPayload || (link is null ? TrySend(parts) : TrySendOn(link, parts)) != SendResult.Sent)
        {
            Deadline deadline = Deadline.After(timeout, core.Settings.Time);
            ThrowUnlessSent(
                CallOn(link, MessageHeader.Of(MessageKind.Send), default, default, deadline, cancellationToken, parts: parts), timeout);
        }
    }

    /// <summary>To this link, or null: to the one whose turn it is.</summary>
    public ValueTask SendAsync(Link? link, in ReadOnlySequence<byte> parts, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        CheckLength(parts);
        if (core.Policy.Drops())
        {
            using Joined whole = new(parts);
            return PostAsync(link, whole.Span);
        }

        return parts.Length < LinkOutput.LongPayload && (link is null ? TrySend(parts) : TrySendOn(link, parts)) == SendResult.Sent
            ? default
            : FinishSendAsync(
                CallOnAsync(link, MessageHeader.Of(MessageKind.Send), default, default, default, null, cancellationToken, parts: parts));
    }

    public Delivery Deliver(Link? link, in ReadOnlySequence<byte> parts, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        CheckLength(parts);
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

        CheckLength(parts);
        return FinishDeliverAsync(
            CallOnAsync(link, MessageHeader.Of(MessageKind.Deliver), default, default, default, timeout, cancellationToken, parts: parts),
            timeout);
    }

    /// <summary>No message is longer than an array can be, whatever the peer takes.</summary>
    public void CheckLength(in ReadOnlySequence<byte> parts)
    {
        if (parts.Length > Array.MaxLength - ushort.MaxValue)
        {
            throw new FairleadException(
                ErrorCode.TooLarge,
                $"the buffers have {parts.Length} bytes together, and a message has less than 2 GiB",
                "Send several messages.")
            {
                Address = core.Address,
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
            // The acknowledgements may be there already, and nobody has read them.
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

    /// <summary>Bytes of all parts; of more than any message has, so many that every check finds them too long.</summary>
    private static int LengthOf(in ReadOnlySequence<byte> parts) => (int)Math.Min(parts.Length, EndpointSettings.NoLimit);

    private void Check(Link? link, ReadOnlySpan<byte> payload, in ReadOnlySequence<byte> parts, int headLength)
    {
        if (headLength + payload.Length + parts.Length > EndpointSettings.NoLimit)
        {
            // Also where no peer is there yet that could say what it takes.
            throw new FairleadException(
                ErrorCode.TooLarge,
                $"the message has {payload.Length + parts.Length} bytes, and none has more than {EndpointSettings.NoLimit}",
                "Send it in parts, or pass an open file.")
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
