using Fairlead.Framing;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links.Receiving;

/// <content>A message that a test makes by hand. It has no link: a record takes the answer.</content>
internal sealed partial class MessageCore
{
    private AnswerRecord? _record;

    /// <summary>The record of answers; null for a message that came over a link.</summary>
    public AnswerRecord? Record => _record;

    public Peer Peer => _record is { } record ? record.Peer : PeerLink.Peer;

    /// <param name="record">Takes the answer.</param>
    /// <param name="header">Its lengths fit the body.</param>
    /// <param name="body">Head and payload. Copied.</param>
    public static MessageCore Make(AnswerRecord record, in MessageHeader header, ReadOnlySpan<byte> body)
    {
        // Not from a pool: it never returns to one.
        MessageCore core = new() { _record = record };
        core.Keep(header, body);
        core.Begin();
        return core;
    }

    /// <summary>Records what a peer would learn about a message that was disposed without an answer.</summary>
    private static void Refuse(AnswerRecord record, MessageKind kind, bool isTakenBack, string? reason)
    {
        if (kind == MessageKind.Deliver)
        {
            record.SetReceipt(ReceiptStatus.NotDelivered, reason ?? NotAccepted);
        }
        else if (!isTakenBack)
        {
            record.SetError(ErrorCode.Failed, reason ?? NotAnswered);
        }
    }
}
