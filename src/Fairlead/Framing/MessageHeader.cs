using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Fairlead.Framing;

/// <summary>The 16-byte header of every message, in network byte order.</summary>
/// <remarks>
/// <code>
///  0        4     5      6          8        12       16
///  | length | kind| flags| head len | id     | ack    | head … payload …
/// </code>
/// <c>length</c> counts the bytes behind the header: the head (topic and extensions) and the payload.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal struct MessageHeader
{
    public const int Size = 16;

    /// <summary>The length of head and payload together in bytes.</summary>
    public int Length;

    public MessageKind Kind;

    public MessageFlags Flags;

    /// <summary>The length of the head, between header and payload, in bytes.</summary>
    public ushort HeadLength;

    /// <summary>Correlates receipts, replies, errors and cancellations; chosen by the requesting side.</summary>
    public uint Id;

    /// <summary>How many data messages of the other side were handed to this side's user, modulo 2³².</summary>
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

    /// <summary>Writes the header of a sent message without head and flags.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WritePlain(Span<byte> destination, int length, uint ack)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, ((ulong)(uint)length << 32) | Marks(MessageKind.Send, 0));
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], ack);
    }

    /// <summary>Reads the header of a message of this kind. Returns false for another kind, flags, or another head length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryReadAs(MessageKind kind, int headLength, ReadOnlySpan<byte> source, out uint length, out uint ack)
    {
        ulong first = BinaryPrimitives.ReadUInt64BigEndian(source);
        length = (uint)(first >> 32);
        ack = BinaryPrimitives.ReadUInt32BigEndian(source[12..]);
        return (uint)first == Marks(kind, headLength);
    }

    /// <summary>Reads a header without validating it. The length may be anything up to 2³²-1 and is returned separately.</summary>
    public static MessageHeader Read(ReadOnlySpan<byte> source, out uint length) => Read(Vector128.Create(source), out length);

    /// <summary>Reads a header from bytes that are already loaded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MessageHeader Read(Vector128<byte> source, out uint length)
    {
        // Converted in one piece: fields written one by one and then copied as a whole would have to reach the cache in between, which
        // costs as much as everything else.
        Vector128<byte> fields = BitConverter.IsLittleEndian
            ? Vector128.Shuffle(source, Vector128.Create((byte)3, 2, 1, 0, 4, 5, 7, 6, 11, 10, 9, 8, 15, 14, 13, 12))
            : source;
        length = fields.AsUInt32().ToScalar();
        return Unsafe.BitCast<Vector128<byte>, MessageHeader>(fields);
    }

    /// <summary>Returns what follows the length in the first 8 bytes, without flags.</summary>
    private static uint Marks(MessageKind kind, int headLength) => ((uint)kind << 24) | (uint)headLength;
}

/// <summary>Flags of a message.</summary>
[Flags]
internal enum MessageFlags : byte
{
    None = 0,

    /// <summary>Another receiver had this message before and did not accept it.</summary>
    Redelivered = 1,

    /// <summary>Executing the request twice is harmless.</summary>
    Idempotent = 2,

    /// <summary>On a close: the endpoint ends. Messages that this frame does not acknowledge will not be handed to its user.</summary>
    Final = 4,

    /// <summary>On a cancel: returns the message if it is unread. Its sender still waits, and a receipt confirms the return.</summary>
    /// <remarks>A message that was read is not confirmed.</remarks>
    Recall = 8,

    /// <summary>On a message: an open file comes with its first byte, outside the stream.</summary>
    Handle = 16,
}
