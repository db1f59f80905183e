using System.Diagnostics;
using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links;

/// <content>Sending under a dropping policy: no caller waits.</content>
internal readonly partial struct Outbox
{
    /// <summary>Sends a message or queues it, and drops by the policy when the queue is full.</summary>
    /// <remarks>
    /// It is queued at its link or, without a peer, at the endpoint. Without a link it goes to the peer of an endpoint that has one.
    /// </remarks>
    /// <returns>
    /// The outcome and its link. Sent: sent or queued. Full. Dropped: this message was dropped. PeerGone.
    /// </returns>
    public (LinkOutcome Outcome, Link? Link) Post(
        Link? link, MessageKind kind, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, bool mayDrop = true, string? topic = null)
    {
        ThrowIfClosing();
        long start = OperationMeter.StartCall();
        using Activity? activity = Tracing.StartSend(kind, core.Address);
        bool isMovable = link is null && IsMovable(kind);
        link ??= core.Placement.TheLink;
        Span<byte> space = stackalloc byte[SpaceForTrace(link, head.Length, payload.Length)];
        scoped ReadOnlySpan<byte> whole = space.IsEmpty ? head : Tracing.Extend(head, space);
        Letter letter = new(MessageHeader.Of(kind), whole, payload, topic, isMovable);
        if (link is null)
        {
            LinkOutcome left = core.Placement.LeaveWaiting(letter, mayDrop, out link);
            if (link is null)
            {
                Measure(start, kind, left);
                return (left, null);
            }
        }

        link.Sending.Check(payload, whole.Length);
        LinkOutcome outcome = link.Sending.TrySend(letter.Header, whole, payload, isStream: isStream);
        if (outcome == LinkOutcome.Full)
        {
            outcome = link.Sending.Post(letter, mayDrop: false);
        }

        if (outcome == LinkOutcome.Full)
        {
            // Before anything is dropped: the acknowledgements may have arrived, with no thread having read them.
            core.Pump.CatchUp();
            outcome = link.Sending.Post(letter, mayDrop);
        }
        else if (link.Sending.ShouldLookForAcks())
        {
            core.FastPath.LookForAcks();
        }

        Measure(start, kind, outcome);
        return (outcome, link);
    }

    /// <summary>Measures a message, unless the sender learns that the queue was full, and keeps it.</summary>
    private void Measure(long start, MessageKind kind, LinkOutcome outcome)
    {
        if (outcome != LinkOutcome.Full)
        {
            OperationMeter.EndCall(start, kind, core.MeterTags, ErrorType(new LinkResult { Outcome = outcome }));
        }
    }

    /// <summary>Sends to one of many peers without waiting and without dropping anything.</summary>
    public SendResult TryTo(Link link, ReadOnlySpan<byte> payload) => core.Policy.Drops()
        ? ToSendResult(Post(link, MessageKind.Send, default, payload, mayDrop: false).Outcome)
        : TrySendOn(link, MessageKind.Send, default, payload);

    /// <summary>Sends for a caller that only learns of a lost peer. A drop follows the caller's policy and is counted.</summary>
    public void PostOrThrow(Link? link, ReadOnlySpan<byte> payload)
    {
        (LinkOutcome outcome, link) = Post(link, MessageKind.Send, default, payload);
        if (outcome == LinkOutcome.PeerGone)
        {
            throw Failure(new LinkResult { Outcome = LinkOutcome.PeerGone, PeerLink = link }, null);
        }
    }

    public ValueTask PostAsync(Link? link, ReadOnlySpan<byte> payload)
    {
        try
        {
            PostOrThrow(link, payload);
            return default;
        }
        catch (FairleadException exception)
        {
            return ValueTask.FromException(exception);
        }
    }
}
