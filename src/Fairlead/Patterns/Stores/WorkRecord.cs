using System.Buffers.Binary;
using System.Text;

namespace Fairlead.Patterns.Stores;

/// <summary>The records of a <see cref="WorkStore"/>.</summary>
/// <remarks>
/// <code>
/// a record:   0       kind     1: an item   2: an item that was moved here   3: items that have ended
///                              4: an item that was given up   5: one that is tried again after that
///             1       1        the priority
///             2 ..    1        8 bytes: the time from which on it is handed out, milliseconds since 1970; 0: none
///            10 ..    1        the payload
///             1 ..    2        8 bytes: the number of the record that it replaces
///             9 ..    2        8 bytes: the number of the record that held the item first
///            17 ..    2        as from 1 in kind 1
///             1 ..    3        8 bytes each: the numbers of their records
///             1 ..    4, 5     8 bytes: the number of its record
///             9 ..    4        4 bytes: how often it was handed out
///            13 ..    4        why it was given up, in UTF-8
/// </code>
/// Numbers are little endian.
/// </remarks>
internal static class WorkRecord
{
    public const int NumberBytes = sizeof(long);

    /// <summary>The most bytes before a payload, the numbers or the reason.</summary>
    public const int MostHead = 1 + (2 * NumberBytes) + OptionBytes;

    private const int OptionBytes = 1 + sizeof(ulong);

    /// <summary>The most characters of a reason.</summary>
    private const int LongestReason = 256;

    public enum Kind : byte
    {
        Item = 1,
        MovedItem = 2,
        EndedItems = 3,
        GivenUpItem = 4,
        ForgivenItem = 5,
    }

    public static Kind KindOf(ReadOnlySpan<byte> record) => (Kind)record[0];

    /// <summary>Whether the other functions may read it.</summary>
    public static bool IsKnown(ReadOnlySpan<byte> record) => record is [>= (byte)Kind.Item and <= (byte)Kind.ForgivenItem, ..]
        && record.Length >= HeadOf(record)
        && (KindOf(record) != Kind.EndedItems || (record.Length - 1) % NumberBytes == 0);

    /// <summary>The number of the record that this one is about. Not for kinds 1 and 3.</summary>
    public static long NumberIn(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadInt64LittleEndian(record[1..]);

    /// <summary>What is behind the head.</summary>
    public static ReadOnlySpan<byte> PayloadOf(ReadOnlySpan<byte> record) => record[HeadOf(record)..];

    /// <summary>Reads an item, also one that was moved.</summary>
    /// <param name="record">The record.</param>
    /// <param name="number">The record's number.</param>
    public static StoredItem ReadItem(ReadOnlySpan<byte> record, long number)
    {
        int head = HeadOf(record);
        ReadOnlySpan<byte> options = record[(head - OptionBytes)..];
        return new StoredItem(record.Length - head, options[0], BinaryPrimitives.ReadUInt64LittleEndian(options[1..]))
        {
            Number = number,
            First = KindOf(record) == Kind.Item ? number : BinaryPrimitives.ReadInt64LittleEndian(record[(1 + NumberBytes)..]),
        };
    }

    /// <summary>Reads how an item was given up; null if it is tried again.</summary>
    public static (int Deliveries, string Reason)? ReadGivenUp(ReadOnlySpan<byte> record) => KindOf(record) == Kind.ForgivenItem
        ? null
        : (BinaryPrimitives.ReadInt32LittleEndian(record[(1 + NumberBytes)..]), Encoding.UTF8.GetString(PayloadOf(record)));

    /// <returns>The head of an item.</returns>
    public static ReadOnlySpan<byte> WriteItem(Span<byte> space, StoredItem item)
    {
        space[0] = (byte)Kind.Item;
        return WriteOptions(space, 1, item);
    }

    /// <returns>The head of an item that is written once more. Its number is still that of the older record.</returns>
    public static ReadOnlySpan<byte> WriteMoved(Span<byte> space, StoredItem item)
    {
        space[0] = (byte)Kind.MovedItem;
        BinaryPrimitives.WriteInt64LittleEndian(space[1..], item.Number);
        BinaryPrimitives.WriteInt64LittleEndian(space[(1 + NumberBytes)..], item.First);
        return WriteOptions(space, 1 + (2 * NumberBytes), item);
    }

    /// <returns>The head of the record that an item was given up.</returns>
    public static ReadOnlySpan<byte> WriteGivenUp(Span<byte> space, StoredItem item, int deliveries)
    {
        space[0] = (byte)Kind.GivenUpItem;
        BinaryPrimitives.WriteInt64LittleEndian(space[1..], item.Number);
        BinaryPrimitives.WriteInt32LittleEndian(space[(1 + NumberBytes)..], deliveries);
        return space[..(1 + NumberBytes + sizeof(int))];
    }

    /// <returns>The record that an item is tried again.</returns>
    public static ReadOnlySpan<byte> WriteForgiven(Span<byte> space, StoredItem item)
    {
        space[0] = (byte)Kind.ForgivenItem;
        BinaryPrimitives.WriteInt64LittleEndian(space[1..], item.Number);
        return space[..(1 + NumberBytes)];
    }

    /// <summary>The bytes of a reason, which may be cut.</summary>
    public static byte[] BytesOf(string reason) => Encoding.UTF8.GetBytes(PlainText.Cut(reason, LongestReason));

    private static int HeadOf(ReadOnlySpan<byte> record) => KindOf(record) switch
    {
        Kind.Item => 1 + OptionBytes,
        Kind.MovedItem => MostHead,
        Kind.GivenUpItem => 1 + NumberBytes + sizeof(int),
        Kind.ForgivenItem => 1 + NumberBytes,
        _ => 1,
    };

    private static ReadOnlySpan<byte> WriteOptions(Span<byte> space, int at, StoredItem item)
    {
        space[at] = item.Priority;
        BinaryPrimitives.WriteUInt64LittleEndian(space[(at + 1)..], item.NotBefore);
        return space[..(at + OptionBytes)];
    }
}
