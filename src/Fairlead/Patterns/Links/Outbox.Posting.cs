using System.Diagnostics;
using Fairlead.Diagnostics;
using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>Sending under a policy that drops: nobody waits.</content>
internal readonly partial struct Outbox
{
    /// <summary>
    /// Sends a message, or leaves it in the queue of its link (of the endpoint while nobody is there), dropping by the policy what has no
    /// room. Without a link it goes to the peer of an endpoint that has one.
    /// </summary>
    /// <returns>
    /// Sent, when it is on its way or in the queue; Full; Dropped, when it was itself what had to go; PeerGone. And on which link.
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
            // Before anything is dropped: the acknowledgements may be there already, and nobody has read them.
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

    /// <summary>What a message without room costs its sender, unless he is told so, and keeps it.</summary>
    private void Measure(long start, MessageKind kind, LinkOutcome outcome)
    {
        if (outcome != LinkOutcome.Full)
        {
            OperationMeter.EndCall(start, kind, core.MeterTags, ErrorType(new LinkResult { Outcome = outcome }));
        }
    }

    /// <summary>Without waiting and without dropping anything, to one of many peers.</summary>
    public SendResult TryTo(Link link, ReadOnlySpan<byte> payload) => core.Policy.Drops()
        ? ToSendResult(Post(link, MessageKind.Send, default, payload, mayDrop: false).Outcome)
        : TrySendOn(link, MessageKind.Send, default, payload);

    /// <summary>The same for a caller who is told of nothing but a lost peer: a drop is what he chose, and is counted.</summary>
    public void PostOrThrow(Link? link, ReadOnlySpan<byte> payload)
    {
        (LinkOutcome outcome, link) = Post(link, MessageKind.Send, default, payload);
        if (outcome == LinkOutcome.PeerGone)
        {
            throw Failure(new LinkResult { Outcome = LinkOutcome.PeerGone, Link = link }, null);
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
