using System.Buffers;
using System.Diagnostics;
using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>Giving a message to a link, with no caller that waits.</content>
internal readonly partial struct Outbox
{
    /// <summary>Sends a message, or refuses, queues or drops it if that does not work immediately.</summary>
    /// <remarks>
    /// It is queued at its link or, without a peer, at the endpoint. The caller has checked that the endpoint is not closing.
    /// </remarks>
    /// <param name="link">The link; null for that of an endpoint that has one peer, or for the next one in the round robin.</param>
    /// <param name="message">The message, which is copied.</param>
    /// <param name="whenFull">What becomes of it without credit or without a peer.</param>
    /// <returns>
    /// The outcome and its link. Sent: sent or queued. Full: neither. Dropped: this message was dropped. PeerGone.
    /// </returns>
    public (LinkOutcome Outcome, Link? Link) Give(Link? link, in OutgoingMessage message, WhenFull whenFull)
    {
        MessageKind kind = message.Header.Kind;
        bool isMovable = link is null && IsMovable(kind);
        link ??= core.Placement.SingleLink;
        if (link is null && whenFull == WhenFull.Refuse)
        {
            return (LinkOutcome.PeerGone, null);
        }

        long start = OperationMeter.StartCall();
        using Activity? activity = Tracing.StartSend(kind, core.Address);
        int space = SpaceForTrace(link, message.Head.Length, message.Payload.Length);
        LinkOutcome outcome = space > 0 || isMovable
            ? PlaceExtended(ref link, message, space, isMovable, whenFull)
            : Place(ref link, message, whenFull);
        Measure(start, kind, outcome, whenFull);
        return (outcome, link);
    }

    /// <summary>Sends a message with the current trace, or one that may go to another link.</summary>
    private LinkOutcome PlaceExtended(ref Link? link, in OutgoingMessage message, int space, bool isMovable, WhenFull whenFull)
    {
        Span<byte> head = stackalloc byte[space];
        scoped OutgoingMessage whole = new(
            message.Header, head.IsEmpty ? message.Head : Tracing.Extend(message.Head, head), message.Payload)
        {
            Topic = message.Topic,
            IsMovable = isMovable,
        };
        return Place(ref link, whole, whenFull);
    }

    /// <summary>Sends a message that is whole. Sets the link of one that is given to no particular link.</summary>
    private LinkOutcome Place(ref Link? link, in OutgoingMessage message, WhenFull whenFull)
    {
        Check(link, message.Payload, message.Head.Length);
        if (link is null)
        {
            LinkOutcome waiting = core.Placement.EnqueueWaiting(message, whenFull, out link);
            if (link is null)
            {
                return waiting;
            }

            link.LinkSender.Check(message.Payload, message.Head.Length);
        }

        LinkOutcome outcome = link.LinkSender.Send(
            message, whenFull == WhenFull.Drop ? WhenFull.Queue : whenFull, isStream: isStream);
        if (outcome == LinkOutcome.Full)
        {
            // Before anything is refused or dropped: the acknowledgements may have arrived, with no thread having read them.
            core.Pump.CatchUp();
            outcome = link.LinkSender.Send(message, whenFull, isStream: isStream);
        }
        else if (link.LinkSender.ShouldLookForAcks())
        {
            core.FastPath.LookForAcks();
        }

        return outcome;
    }

    /// <summary>Gives a message of a caller that only learns of a lost peer. A drop follows the policy and is counted.</summary>
    private void GiveOrThrow(Link? link, in OutgoingMessage message)
    {
        ThrowIfClosing();
        (LinkOutcome outcome, link) = Give(link, message, WhenFull.Drop);
        if (outcome == LinkOutcome.PeerGone)
        {
            throw Failure(new LinkResult { Outcome = LinkOutcome.PeerGone, PeerLink = link }, null);
        }
    }

    /// <summary>Measures a message, unless its caller keeps it. One that is refused is measured where it waits.</summary>
    private void Measure(long start, MessageKind kind, LinkOutcome outcome, WhenFull whenFull)
    {
        if (outcome == LinkOutcome.Sent)
        {
            OperationMeter.EndCall(start, kind, core.MeterTags, null);
        }
        else if (whenFull != WhenFull.Refuse && outcome != LinkOutcome.Full)
        {
            OperationMeter.EndCall(start, kind, core.MeterTags, outcome.ToString());
        }
    }

    /// <summary>Refuses a message that is longer than a message can be or, with a peer, than the peer accepts.</summary>
    private void Check(Link? link, in OutgoingPayload payload, int headLength)
    {
        if (payload.IsGathered)
        {
            CheckLength(payload.Parts, core);
        }

        if ((long)headLength + payload.Length > EndpointSettings.NoLimit)
        {
            // Also without a peer that has announced what it accepts.
            throw new FairleadException(
                ErrorCode.TooLarge,
                $"the message has {payload.Length} bytes; the limit is {EndpointSettings.NoLimit}",
                "Send several messages, or pass an open file.")
            {
                Address = core.Address,
            };
        }

        link?.LinkSender.Check(payload, headLength);
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
}
