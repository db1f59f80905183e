using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Fairlead.Framing;

/// <summary>
/// The 16 bytes in front of every message, in network byte order:
/// <code>
///  0        4     5      6          8        12       16
///  | length | kind| flags| head len | id     | ack    | head … payload …
/// </code>
/// </summary>
/// <remarks><c>length</c> counts what follows the header: the head (topic and extensions) and the payload.</remarks>
[StructLayout(LayoutKind.Sequential)]
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

    public static MessageHeader Of(MessageKind kind, uint id = 0, MessageFlags flags = MessageFlags.None) =>
        new()
        {
            Kind = kind,
            Id = id,
            Flags = flags,
        };

    public readonly void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(
            destination, ((ulong)(uint)Length << 32) | ((ulong)Kind << 24) | ((ulong)Flags << 16) | HeadLength);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], ((ulong)Id << 32) | Ack);
    }

    /// <summary>Writes the header of a plain message: one that is sent, with neither a head nor flags.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WritePlain(Span<byte> destination, int length, uint ack)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, ((ulong)(uint)length << 32) | Marks(MessageKind.Send, 0));
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], ack);
    }

    /// <summary>Reads the header of a message of a kind; false when it is another's, has flags, or a head of another length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryReadAs(MessageKind kind, int headLength, ReadOnlySpan<byte> source, out uint length, out uint ack)
    {
        ulong first = BinaryPrimitives.ReadUInt64BigEndian(source);
        length = (uint)(first >> 32);
        ack = BinaryPrimitives.ReadUInt32BigEndian(source[12..]);
        return (uint)first == Marks(kind, headLength);
    }

    /// <summary>Reads a header without judging it; the length may be anything up to 2³²-1 and comes back apart.</summary>
    public static MessageHeader Read(ReadOnlySpan<byte> source, out uint length) =>
        Of(BinaryPrimitives.ReadUInt64BigEndian(source), BinaryPrimitives.ReadUInt64BigEndian(source[8..]), out length);

    /// <summary>The same of bytes that have been fetched already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MessageHeader Read(Vector128<byte> source, out uint length)
    {
        // In one piece: what is written field by field and then copied whole has to get through to the cache in between, which costs as
        // much as all the rest.
        Vector128<byte> fields = BitConverter.IsLittleEndian
            ? Vector128.Shuffle(source, Vector128.Create((byte)3, 2, 1, 0, 4, 5, 7, 6, 11, 10, 9, 8, 15, 14, 13, 12))
            : source;
        length = fields.AsUInt32().ToScalar();
        return Unsafe.BitCast<Vector128<byte>, MessageHeader>(fields);
    }

    /// <summary>What follows the length in the first 8 bytes, where there are no flags.</summary>
    private static uint Marks(MessageKind kind, int headLength) => ((uint)kind << 24) | (uint)headLength;

    private static MessageHeader Of(ulong first, ulong second, out uint length)
    {
        length = (uint)(first >> 32);
        return new MessageHeader
        {
            Length = (int)length,
            Kind = (MessageKind)(byte)(first >> 24),
            Flags = (MessageFlags)(byte)(first >> 16),
            HeadLength = (ushort)first,
            Id = (uint)(second >> 32),
            Ack = (uint)second,
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

    /// <summary>
    /// On a cancel: its sender still waits, and wants the message back if nobody has read it. A receipt says so; nothing does where it was
    /// read.
    /// </summary>
    Recall = 8,

    /// <summary>On a message: an open file comes with its first byte, beside the stream.</summary>
    Handle = 16,
}
