using System.Buffers.Binary;

namespace Fairlead.TestPeer;

/// <summary>A record of 64 bytes with the number of its appender, a sequence number, and a check value.</summary>
public static class LogBody
{
    public const int Size = 64;

    /// <summary>Where in the region of a test the number stands up to which everybody may append.</summary>
    public const int AllowedAt = 0;

    /// <summary>Where the last acknowledged number of a slot stands.</summary>
    public static int AcknowledgedAt(int slot) => 64 * (slot + 1);

    /// <summary>Where it stands that a slot appends without a bound, until it is killed.</summary>
    public static int IsDoomedAt(int slot) => AcknowledgedAt(slot) + 8;

    public static void Fill(Span<byte> body, int slot, long number)
    {
        BinaryPrimitives.WriteInt32LittleEndian(body, slot);
        BinaryPrimitives.WriteInt64LittleEndian(body[8..], number);
        for (int i = 16; i < Size; i++)
        {
            body[i] = (byte)(slot + number + i);
        }
    }

    public static (int Slot, long Number) Read(ReadOnlySpan<byte> body)
    {
        int slot = BinaryPrimitives.ReadInt32LittleEndian(body);
        long number = BinaryPrimitives.ReadInt64LittleEndian(body[8..]);
        for (int i = 16; i < Size; i++)
        {
            if (body.Length != Size || body[i] != (byte)(slot + number + i))
            {
                throw new InvalidDataException($"record {number} of {slot} is torn");
            }
        }

        return (slot, number);
    }
}
