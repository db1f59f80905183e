using System.Buffers.Binary;

namespace Fairlead.Conformance;

/// <summary>Message content that tells what it is: a sequence number, who sent it, and bytes that follow from both, so that any mix-up shows.</summary>
public static class Payload
{
    /// <summary>Bytes that are needed for the numbers.</summary>
    public const int Least = 8;

    /// <summary>The content of the message number <paramref name="number"/> of the sender <paramref name="from"/>.</summary>
    public static byte[] Make(int number, int size, int from = 0)
    {
        byte[] bytes = new byte[Math.Max(size, Least)];
        Write(bytes, number, from);
        return bytes;
    }

    /// <summary>Writes such content into memory of at least <see cref="Least"/> bytes.</summary>
    public static void Write(Span<byte> bytes, int number, int from = 0)
    {
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        BinaryPrimitives.WriteInt32BigEndian(bytes[4..], from);
        uint state = Start(number, from);
        for (int i = Least; i < bytes.Length; i++)
        {
            bytes[i] = Next(ref state);
        }
    }

    /// <summary>Reads the numbers and checks every other byte.</summary>
    public static (int Number, int From) Check(ReadOnlySpan<byte> bytes)
    {
        Assert.True(bytes.Length >= Least, $"A message of {bytes.Length} bytes arrived, and at least {Least} were sent.");
        int number = BinaryPrimitives.ReadInt32BigEndian(bytes);
        int from = BinaryPrimitives.ReadInt32BigEndian(bytes[4..]);
        uint state = Start(number, from);
        for (int i = Least; i < bytes.Length; i++)
        {
            if (bytes[i] != Next(ref state))
            {
                Assert.Fail($"Byte {i} of message {number} of {from} was altered.");
            }
        }

        return (number, from);
    }

    private static uint Start(int number, int from) => ((uint)number * 2654435761) ^ ((uint)from << 7) ^ 0x9E3779B9;

    private static byte Next(ref uint state)
    {
        state = (state * 1664525) + 1013904223;
        return (byte)(state >> 24);
    }
}
