using System.Buffers;
using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>Messages whose payload lies in several buffers: copied once, to where the message lies.</content>
internal sealed partial class Link
{
    /// <summary>As of one buffer. Fairlead's own framing carries everything; others look at the content, and see it in one piece.</summary>
    public void Check(in ReadOnlySequence<byte> parts, int headLength = 0)
    {
        if (!Takes(headLength + parts.Length))
        {
            throw LinkErrors.TooLarge(this, parts.Length, headLength);
        }

        if (IsBare)
        {
            using Joined whole = new(parts);
            _connection.Check(whole.Span);
        }
    }

    /// <summary>Sends a data message if there is credit and nobody waits before it. Does not block.</summary>
    public LinkOutcome TrySend(MessageHeader header, ReadOnlySpan<byte> head, in ReadOnlySequence<byte> parts)
    {
        int length = head.Length + (int)parts.Length;
        LinkOutcome outcome;
        bool needsPump;
        using (HoldSending())
        {
            outcome = CanSend(length);
            if (outcome == LinkOutcome.Sent)
            {
                long missed = MissedToTell(length);
                CommitParts(ref header, head, parts, missed);
                NoteMissedTold(missed);
            }

            needsPump = outcome == LinkOutcome.Sent ? FlushSoon() : IsDeferred && FlushNow();
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }

        return outcome;
    }

    /// <summary>Sends the reply; false when the peer is gone.</summary>
    public bool SendReply(uint id, in ReadOnlySequence<byte> parts)
    {
        MessageHeader header = MessageHeader.Of(MessageKind.Reply, id);
        bool needsPump;
        using (HoldSending())
        {
            if (CanControl != LinkOutcome.Sent)
            {
                return false;
            }

            CommitParts(ref header, default, parts, 0);
            needsPump = FlushAnswer();
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }

        return true;
    }
}
