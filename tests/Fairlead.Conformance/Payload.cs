using System.Buffers.Binary;
using System.Collections.Concurrent;

namespace Fairlead.Conformance;

/// <summary>
/// Message content that identifies itself: a sequence number, the sender, and bytes computed from both, which reveal any mix-up.
/// </summary>
public static class Payload
{
    /// <summary>The number of bytes that the numbers need.</summary>
    public const int Least = 8;

    private static readonly ConcurrentDictionary<(int Number, int Size), Lazy<byte[]>> Kept = [];

    /// <summary>Returns the content of the message number <paramref name="number"/> of the sender <paramref name="from"/>.</summary>
    public static byte[] Make(int number, int size, int from = 0)
    {
        byte[] bytes = new byte[Math.Max(size, Least)];
        Write(bytes, number, from);
        return bytes;
    }

    /// <summary>The same from sender 0, created once for all tests that send this much; no test writes into it.</summary>
    public static ReadOnlyMemory<byte> Shared(int number, int size) =>
        Kept.GetOrAdd((number, size), static made => new(() => Make(made.Number, made.Size))).Value;

    /// <summary>Writes such content into memory of at least <see cref="Least"/> bytes.</summary>
    public static void Write(Span<byte> bytes, int number, int from = 0)
    {
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        BinaryPrimitives.WriteInt32BigEndian(bytes[4..], from);
        ulong state = Start(number, from);
        Span<byte> rest = bytes[Least..];
        for (; rest.Length >= sizeof(ulong); rest = rest[sizeof(ulong)..])
        {
            BinaryPrimitives.WriteUInt64LittleEndian(rest, Next(ref state));
        }

        ulong last = Next(ref state);
        for (int i = 0; i < rest.Length; i++)
        {
            rest[i] = (byte)(last >> (8 * i));
        }
    }

    /// <summary>Reads the numbers and checks every other byte.</summary>
    public static (int Number, int From) Check(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Least)
        {
            throw new InvalidDataException($"A message of {bytes.Length} bytes arrived, and at least {Least} were sent.");
        }

        int number = BinaryPrimitives.ReadInt32BigEndian(bytes);
        int from = BinaryPrimitives.ReadInt32BigEndian(bytes[4..]);
        ulong state = Start(number, from);
        ReadOnlySpan<byte> rest = bytes[Least..];
        for (; rest.Length >= sizeof(ulong); rest = rest[sizeof(ulong)..])
        {
            if (BinaryPrimitives.ReadUInt64LittleEndian(rest) != Next(ref state))
            {
                throw new InvalidDataException(
                    $"The 8 bytes from {bytes.Length - rest.Length} on of message {number} of {from} were altered.");
            }
        }

        ulong last = Next(ref state);
        for (int i = 0; i < rest.Length; i++)
        {
            if (rest[i] != (byte)(last >> (8 * i)))
            {
                throw new InvalidDataException($"Byte {bytes.Length - rest.Length + i} of message {number} of {from} was altered.");
            }
        }

        return (number, from);
    }

    private static ulong Start(int number, int from) =>
        ((uint)number * 0x9E3779B97F4A7C15) ^ ((ulong)(uint)from << 20) ^ 0xD1B54A32D192ED03;

    private static ulong Next(ref ulong state)
    {
        state = (state * 6364136223846793005) + 1442695040888963407;
        return state ^ (state >> 29);
    }
}
