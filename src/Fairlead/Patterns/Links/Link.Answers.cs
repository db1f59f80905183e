using System.Text;
using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>What this side answers to requests.</content>
internal sealed partial class Link
{
    private const int LongestErrorText = 4096;

    /// <summary>Sends the reply; false when the peer is gone. Replies need no credit, so they never wait behind unread data.</summary>
    public bool SendReply(uint id, ReadOnlySpan<byte> payload)
    {
        EndStream();
        return TryAnswerShort(MessageKind.Reply, id, payload) || SendControl(MessageHeader.Of(MessageKind.Reply, id), default, payload);
    }

    /// <summary>Answers with an error; code 0 is the handler's own failure.</summary>
    public bool SendError(uint id, ErrorCode code, string text)
    {
        EndStream();
        byte[] payload = new byte[1 + Math.Min(LongestErrorText, Encoding.UTF8.GetMaxByteCount(text.Length))];
        payload[0] = (byte)code;
        int length = WriteText(text, text.Length, payload.AsSpan(1));
        return SendControl(MessageHeader.Of(MessageKind.Error, id), default, payload.AsSpan(0, 1 + length));
    }
}
