namespace Fairlead.Framing;

/// <summary>The kind of a message. One header serves all kinds; docs/wire-format.md shows it.</summary>
internal enum MessageKind : byte
{
    None = 0,

    /// <summary>Type 1: a message without a receipt.</summary>
    Send = 1,

    /// <summary>Type 2: a message whose sender waits for a receipt.</summary>
    Deliver = 2,

    /// <summary>The answer to <see cref="Deliver"/> with the same id: a <see cref="ReceiptStatus"/> byte, then the reason.</summary>
    Receipt = 3,

    /// <summary>Types 3 and 4: a message that asks for a reply.</summary>
    Request = 4,

    /// <summary>The answer to <see cref="Request"/>.</summary>
    Reply = 5,

    /// <summary>A request failed: an <see cref="ErrorCode"/> byte (0: the handler's own error), then the text.</summary>
    Error = 6,

    /// <summary>The sender of the request or type 2 message with this id no longer waits.</summary>
    Cancel = 7,

    /// <summary>Publish-subscribe: a message with a topic in its head.</summary>
    Publish = 8,

    /// <summary>A subscriber asks for a topic pattern (the payload); answered by a receipt.</summary>
    Subscribe = 9,

    /// <summary>A subscriber gives up a topic pattern; answered by a receipt.</summary>
    Unsubscribe = 10,

    /// <summary>Contains only the cumulative acknowledgement, which every header carries.</summary>
    Ack = 11,

    /// <summary>Probes whether the peer is alive; answered by <see cref="Pong"/>.</summary>
    Ping = 12,

    Pong = 13,

    /// <summary>This side sends no more data. The payload is a <see cref="CloseReason"/> byte, then the text.</summary>
    Close = 14,

    /// <summary>Never on the wire: a link came up, in order with its messages.</summary>
    Joined = 0xF0,

    /// <summary>Never on the wire: a link went down, behind its last message.</summary>
    Left = 0xF1,

    /// <summary>Never on the wire: a message that was cancelled before it was read.</summary>
    Dropped = 0xF2,

    /// <summary>The first frame of the connecting side.</summary>
    Hello = (byte)'H',

    /// <summary>The first frame of the accepting side: the handshake reply.</summary>
    Welcome = (byte)'W',

    /// <summary>A refusal in place of <see cref="Welcome"/>.</summary>
    Refuse = (byte)'R',
}

/// <summary>The status in a receipt.</summary>
internal enum ReceiptStatus : byte
{
    Accepted = 0,

    /// <summary>The receiver did not accept it, for the given reason.</summary>
    NotDelivered = 1,

    /// <summary>The message was unread when its sender recalled it.</summary>
    TakenBack = 2,

    /// <summary>The receiver or queue closes and has not processed the message.</summary>
    Closed = 3,

    /// <summary>A lost worker may have processed the message.</summary>
    Unknown = 4,
}

internal static class MessageKindFacts
{
    /// <summary>Returns whether a kind consumes credit and is counted by acknowledgements.</summary>
    /// <remarks>All other kinds pass at any time, so they never wait for unread data.</remarks>
    public static bool IsData(this MessageKind kind) =>
        kind is MessageKind.Send or MessageKind.Deliver or MessageKind.Request or MessageKind.Publish;
}
