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
            throw TooLarge(parts.Length, headLength);
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
                CommitParts(ref header, head, parts, null, _queued.Missed == 0 ? 0 : TakeMissed(length));
            }

            needsPump = outcome == LinkOutcome.Sent ? FlushSoon() : IsDeferred && FlushNow();
        }

        if (needsPump)
        {
            _endpoint.RequestPump();
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

            CommitParts(ref header, default, parts, null, 0);
            needsPump = FlushAnswer();
        }

        if (needsPump)
        {
            _endpoint.RequestPump();
        }

        return true;
    }

    private void CommitParts(ref MessageHeader header, ReadOnlySpan<byte> head, in ReadOnlySequence<byte> parts, LinkOperation? call, long missed)
    {
        int headLength = missed > 0 ? head.Length + MissedBytes : head.Length;
        Prepare(ref header, headLength, (int)parts.Length, call);
        Span<byte> body = _connection.Reserve(header.Length);
        WriteHead(head, missed, body[..headLength]);
        parts.CopyTo(body[headLength..]);
        _connection.Commit(header);
        NoteLong(header);
    }

    private FairleadException TooLarge(long length, int headLength)
    {
        string head = headLength == 0 ? "" : $" and {headLength} in front of them";
        return new FairleadException(ErrorCode.TooLarge, $"the message has {length} bytes{head}, and the peer takes at most {_window.Longest}", "Send less, or raise ?maxmessage= there.") { Address = _endpoint.Address, Peer = Peer };
    }
}
