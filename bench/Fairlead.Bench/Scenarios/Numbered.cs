using System.Buffers.Binary;

namespace Fairlead.Bench.Scenarios;

/// <summary>
/// The first nine bytes of a one-way message: its number, and whether the sender waits for the acknowledgement of this one.
/// </summary>
internal static class Numbered
{
    public const int Size = 9;

    public static void Write(Span<byte> message, long number, bool isLast)
    {
        BinaryPrimitives.WriteInt64LittleEndian(message, number);
        message[8] = isLast ? (byte)1 : (byte)0;
    }

    /// <summary>Checks for the expected number, and advances it.</summary>
    /// <returns>Whether this message must be acknowledged.</returns>
    public static bool Check(ReadOnlySpan<byte> message, ref long due)
    {
        long number = BinaryPrimitives.ReadInt64LittleEndian(message);
        if (number != due)
        {
            throw new InvalidDataException($"message {number} came instead of message {due}");
        }

        due++;
        return message[8] == 1;
    }
}
