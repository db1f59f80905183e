namespace Fairlead.Framing;

/// <summary>What a message is for. One header serves all kinds; docs/wire-format.md draws it.</summary>
internal enum MessageKind : byte
{
    None = 0,

    /// <summary>Type 1: a message without a receipt.</summary>
    Send = 1,

    /// <summary>Type 2: a message whose sender waits for a receipt.</summary>
    Deliver = 2,

    /// <summary>
    /// The answer to <see cref="Deliver"/>; the id names it, the first byte of the payload is a <see cref="ReceiptStatus"/>, the rest its
    /// reason.
    /// </summary>
    Receipt = 3,

    /// <summary>Types 3 and 4: a message that asks for a reply.</summary>
    Request = 4,

    /// <summary>The answer to <see cref="Request"/>.</summary>
    Reply = 5,

    /// <summary>
    /// A request failed; the first byte of the payload is an <see cref="ErrorCode"/> (0: the handler's own error), the rest its text.
    /// </summary>
    Error = 6,

    /// <summary>The sender of the request or type 2 message with this id no longer waits.</summary>
    Cancel = 7,

    /// <summary>Publish-subscribe: a message with a topic in its head.</summary>
    Publish = 8,

    /// <summary>A subscriber asks for a topic pattern (the payload); answered by a receipt.</summary>
    Subscribe = 9,

    /// <summary>A subscriber gives a topic pattern back; answered by a receipt.</summary>
    Unsubscribe = 10,

    /// <summary>Nothing but the cumulative acknowledgement that every header carries.</summary>
    Ack = 11,

    /// <summary>Asks whether the peer is there; answered by <see cref="Pong"/>.</summary>
    Ping = 12,

    Pong = 13,

    /// <summary>No data follows from this side. The first byte of the payload is a <see cref="CloseReason"/>, the rest its text.</summary>
    Close = 14,

    /// <summary>Never on the wire: a link came up, in the order of its messages.</summary>
    Joined = 0xF0,

    /// <summary>Never on the wire: a link went down, behind its last message.</summary>
    Left = 0xF1,

    /// <summary>Never on the wire: a message that was taken back before it was read.</summary>
    Dropped = 0xF2,

    /// <summary>The first frame of the side that connects.</summary>
    Hello = (byte)'H',

    /// <summary>The first frame of the side that accepts.</summary>
    Welcome = (byte)'W',

    /// <summary>Instead of <see cref="Welcome"/>: why not.</summary>
    Refuse = (byte)'R',
}

/// <summary>What a receipt says.</summary>
internal enum ReceiptStatus : byte
{
    Accepted = 0,

    /// <summary>The receiver did not accept it; the reason is its own.</summary>
    NotDelivered = 1,

    /// <summary>Nobody had read it when its sender asked for it back.</summary>
    TakenBack = 2,

    /// <summary>Whoever was to take it closes, and has not done it.</summary>
    Closed = 3,

    /// <summary>Somebody who was lost may have done it.</summary>
    Unknown = 4,
}

internal static class MessageKindFacts
{
    /// <summary>
    /// Kinds that consume credit and are counted by acknowledgements. All others pass at any time, so that they never wait behind unread
    /// data.
    /// </summary>
    public static bool IsData(this MessageKind kind) =>
        kind is MessageKind.Send or MessageKind.Deliver or MessageKind.Request or MessageKind.Publish;
}
