using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Fairlead.Logs.Storage;

/// <summary>The CRC-32C, which processors compute in hardware, of a record without its first two words, and of its length.</summary>
internal static class RecordChecksum
{
    /// <param name="fields">The record's header from its sequence number on.</param>
    /// <param name="body">The body.</param>
    public static uint Of(ReadOnlySpan<byte> fields, ReadOnlySpan<byte> body) =>
        ~Add(Add(BitOperations.Crc32C(uint.MaxValue, (uint)body.Length), fields), body);

    private static uint Add(uint sum, ReadOnlySpan<byte> bytes)
    {
        ref byte start = ref MemoryMarshal.GetReference(bytes);
        int at = 0;
        for (; at <= bytes.Length - sizeof(ulong); at += sizeof(ulong))
        {
            sum = BitOperations.Crc32C(sum, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, at)));
        }

        for (; at < bytes.Length; at++)
        {
            sum = BitOperations.Crc32C(sum, bytes[at]);
        }

        return sum;
    }
}
