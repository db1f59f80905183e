using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Fairlead.Framing;

/// <summary>The fields of a head.</summary>
/// <remarks>Each consists of one byte for its number, two bytes of length, and the value. Readers skip unknown fields.</remarks>
internal enum HeadField : byte
{
    /// <summary>W3C trace context: 1 byte version, 16 bytes trace id, 8 bytes parent id, 1 byte flags.</summary>
    Trace = 1,

    /// <summary>Microseconds that the caller will still wait, counted from sending, 8 bytes.</summary>
    Deadline = 2,

    /// <summary>The topic of a published message, in UTF-8.</summary>
    Topic = 3,

    /// <summary>The number of messages dropped before this one, 8 bytes.</summary>
    Missed = 4,

    /// <summary>How often the message was delivered before, 8 bytes.</summary>
    Deliveries = 5,

    /// <summary>
    /// In a handshake: the overflow policy that a subscriber asks for, 1 byte, a <see cref="OverflowPolicy"/> counted from 1.
    /// </summary>
    Full = 6,

    /// <summary>In a handshake: the most unread open files on this side, 2 bytes; absent means none.</summary>
    Handles = 7,

    /// <summary>For a work queue: the priority of an item, 1 byte; absent means 0.</summary>
    Priority = 8,

    /// <summary>For a work queue: the time before which an item is not handed out, in milliseconds since 1970, 8 bytes.</summary>
    NotBefore = 9,

    /// <summary>
    /// The <see cref="PublishedPosition"/> of a stored message; in a handshake that of the publisher's last one, in Subscribe that of the
    /// last one which the subscriber has; 16 bytes.
    /// </summary>
    Position = 10,

    /// <summary>
    /// Between an endpoint and the bridge to its broker, in one process: the properties of the message there, as fields of their own.
    /// </summary>
    Properties = 11,

    /// <summary>
    /// In Subscribe: the subscriber wants stored messages first. 8 bytes: how many of the last ones if there is no position; 1 byte: 1 if
    /// more topics follow, before which none are sent.
    /// </summary>
    Replay = 12,

    /// <summary>
    /// In Subscribe: the subscriber wants to hear how many messages it has missed while it was away. 16 bytes: its name, chosen at random;
    /// 8 bytes: how many messages it has got, or knows to have missed, since it first gave this name, modulo 2³²; 1 byte: 1 if more
    /// topics follow.
    /// </summary>
    Account = 13,
}

/// <summary>Writes a head into the caller's memory.</summary>
internal ref struct HeadWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    /// <summary>Continues behind fields that have already been written.</summary>
    public HeadWriter(Span<byte> destination, ReadOnlySpan<byte> written)
        : this(destination)
    {
        written.CopyTo(destination);
        Length = written.Length;
    }

    public int Length { get; private set; }

    public readonly ReadOnlySpan<byte> Written => _destination[..Length];

    public void Add(HeadField field, scoped ReadOnlySpan<byte> value)
    {
        Span<byte> rest = _destination[Length..];
        rest[0] = (byte)field;
        BinaryPrimitives.WriteUInt16BigEndian(rest[1..], checked((ushort)value.Length));
        value.CopyTo(rest[3..]);
        Length += 3 + value.Length;
    }

    /// <summary>Returns a new head, with further fields behind those of another.</summary>
    public static byte[] Join(ReadOnlySpan<byte> head, ReadOnlySpan<byte> fields) => [.. head, .. fields];

    /// <summary>Replaces a number in a head. Does nothing if the field is absent.</summary>
    public static void Replace(Span<byte> head, HeadField field, ulong value)
    {
        while (head.Length >= 3)
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(head[1..]);
            if (head[0] == (byte)field)
            {
                BinaryPrimitives.WriteUInt64BigEndian(head.Slice(3, length), value);
                return;
            }

            head = head[(3 + length)..];
        }
    }

    public void Add(HeadField field, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        Add(field, bytes);
    }
}

/// <summary>Finds fields in a received head. The head is untrusted input, so every access is bounds-checked.</summary>
internal static class HeadReader
{
    /// <summary>The length of the longest topic in bytes.</summary>
    public const int LongestTopic = 1024;

    /// <summary>Returns whether there is a topic of valid length.</summary>
    public static bool HasTopic(ReadOnlySpan<byte> head) =>
        TryGet(head, HeadField.Topic, out ReadOnlySpan<byte> topic) && topic.Length is > 0 and <= LongestTopic;

    /// <summary>Finds the value of a field. Returns false if it is absent, or if the head is malformed before it.</summary>
    public static bool TryGet(ReadOnlySpan<byte> head, HeadField field, out ReadOnlySpan<byte> value)
    {
        while (head.Length >= 3)
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(head[1..]);
            if (length > head.Length - 3)
            {
                break;
            }

            if (head[0] == (byte)field)
            {
                value = head.Slice(3, length);
                return true;
            }

            head = head[(3 + length)..];
        }

        value = default;
        return false;
    }

    public static bool TryGet(ReadOnlySpan<byte> head, HeadField field, out ulong value)
    {
        if (TryGet(head, field, out ReadOnlySpan<byte> bytes) && bytes.Length == 8)
        {
            value = BinaryPrimitives.ReadUInt64BigEndian(bytes);
            return true;
        }

        value = 0;
        return false;
    }

    /// <summary>Returns whether the fields fill the head exactly.</summary>
    public static bool IsWellFormed(ReadOnlySpan<byte> head, [NotNullWhen(false)] out string? problem)
    {
        while (head.Length > 0)
        {
            int length = head.Length >= 3 ? BinaryPrimitives.ReadUInt16BigEndian(head[1..]) : int.MaxValue;
            if (length > head.Length - 3)
            {
                problem = "a head field extends beyond its head";
                return false;
            }

            head = head[(3 + length)..];
        }

        problem = null;
        return true;
    }
}
