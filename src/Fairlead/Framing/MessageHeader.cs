using System.Buffers.Binary;

namespace Fairlead.Framing;

/// <summary>
/// The 16 bytes in front of every message, in network byte order:
/// <code>
///  0        4     5      6          8        12       16
///  | length | kind| flags| head len | id     | ack    | head … payload …
/// </code>
/// </summary>
/// <remarks><c>length</c> counts what follows the header: the head (topic and extensions) and the payload.</remarks>
internal struct MessageHeader
{
    public const int Size = 16;

    /// <summary>Bytes of head and payload together.</summary>
    public int Length;

    public MessageKind Kind;

    public MessageFlags Flags;

    /// <summary>Bytes of the head, which stands between header and payload.</summary>
    public ushort HeadLength;

    /// <summary>Correlates receipts, replies, errors and cancellations; chosen by the side that asks.</summary>
    public uint Id;

    /// <summary>How many data messages of the other side have been handed to this side's user, modulo 2³².</summary>
    public uint Ack;

    public static MessageHeader Of(MessageKind kind, uint id = 0, MessageFlags flags = MessageFlags.None) => new() { Kind = kind, Id = id, Flags = flags };

    public readonly void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)Length);
        destination[4] = (byte)Kind;
        destination[5] = (byte)Flags;
        BinaryPrimitives.WriteUInt16BigEndian(destination[6..], HeadLength);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], Id);
        BinaryPrimitives.WriteUInt32BigEndian(destination[12..], Ack);
    }

    /// <summary>Reads a header without judging it; the length may be anything up to 2³²-1 and comes back apart.</summary>
    public static MessageHeader Read(ReadOnlySpan<byte> source, out uint length)
    {
        length = BinaryPrimitives.ReadUInt32BigEndian(source);
        return new MessageHeader
        {
            Length = (int)length,
            Kind = (MessageKind)source[4],
            Flags = (MessageFlags)source[5],
            HeadLength = BinaryPrimitives.ReadUInt16BigEndian(source[6..]),
            Id = BinaryPrimitives.ReadUInt32BigEndian(source[8..]),
            Ack = BinaryPrimitives.ReadUInt32BigEndian(source[12..]),
        };
    }
}

/// <summary>Marks of a message that need no bytes of their own.</summary>
[Flags]
internal enum MessageFlags : byte
{
    None = 0,

    /// <summary>The message was handed to somebody before who did not accept it.</summary>
    Redelivered = 1,

    /// <summary>The request may be repeated without harm.</summary>
    Idempotent = 2,

    /// <summary>On a close: the endpoint ends. What this frame does not acknowledge its user will not be handed.</summary>
    Final = 4,

    /// <summary>On a cancel: its sender still waits, and wants the message back if nobody has read it. A receipt says so; nothing does where it was read.</summary>
    Recall = 8,
}
