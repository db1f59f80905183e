using System.Buffers;
using System.Numerics;

namespace Fairlead.Transports;

/// <summary>The pool of buffers for busy senders, of 128 KiB and its doubles up to 1 MiB.</summary>
/// <remarks>
/// The sending thread takes them, and the writing thread, often another one, returns them. The shared array pool would keep one for each
/// thread that ever returned one, and allocate for those that take.
/// </remarks>
internal static class WriteBuffers
{
    /// <summary>The size of the smallest buffer in bytes.</summary>
    public const int Size = 128 * 1024;

    private const int Sizes = 4;
    private const int MostKeptOfSize = 8 * 1024 * 1024;

    private static readonly RankedLock Gate = new(LockRank.WriteBuffers);
    private static readonly Stack<byte[]>[] Kept = [new(), new(), new(), new()];

    /// <summary>Returns a buffer of at least this size. <see cref="Return"/> returns it to the pool.</summary>
    public static byte[] Rent(int size)
    {
        int index = IndexOf(Math.Max(size, Size));
        if (index >= Sizes)
        {
            return ArrayPool<byte>.Shared.Rent(size);
        }

        using (Gate.Hold())
        {
            if (Kept[index].TryPop(out byte[]? buffer))
            {
                return buffer;
            }
        }

        return GC.AllocateUninitializedArray<byte>(Size << index);
    }

    public static void Return(byte[] buffer)
    {
        int index = buffer.Length < Size ? Sizes : IndexOf(buffer.Length);
        if (index >= Sizes || buffer.Length != Size << index)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return;
        }

        using (Gate.Hold())
        {
            if (Kept[index].Count < MostKeptOfSize / buffer.Length)
            {
                Kept[index].Push(buffer);
            }
        }
    }

    private static int IndexOf(int size) => BitOperations.Log2((uint)(size - 1) / Size) + (size > Size ? 1 : 0);
}
