using Fairlead.Framing;

namespace Fairlead.Patterns.Links.Receiving;

/// <summary>Records the answer to a message that was made by hand, which has no link.</summary>
/// <remarks>The message settles once, so one thread writes the answer. Other threads read it after the user's code has returned.</remarks>
internal sealed class AnswerRecord(Peer peer)
{
    public Peer Peer => peer;

    /// <summary>The receipt; null without one.</summary>
    public ReceiptStatus? Receipt { get; private set; }

    /// <summary>The reply; null without one.</summary>
    public byte[]? Reply { get; private set; }

    /// <summary>The error that answers a request; null without one.</summary>
    public ErrorCode? Error { get; private set; }

    /// <summary>The reason of a negative receipt, or the text of the error.</summary>
    public string? Text { get; private set; }

    /// <summary>Whether the message was disposed.</summary>
    public bool IsReleased { get; private set; }

    public void SetReceipt(ReceiptStatus status, string? reason) => (Receipt, Text) = (status, reason);

    public void SetReply(byte[] reply) => Reply = reply;

    public void SetError(ErrorCode code, string text) => (Error, Text) = (code, text);

    public void SetReleased() => IsReleased = true;
}
