using System.Numerics;

namespace Fairlead.Framing;

/// <summary>A pool of large arrays, for long messages that arrive and for busy senders.</summary>
/// <remarks>
/// An array has at most a quarter more than was asked for, and the pool keeps a fixed number of bytes in all, whatever peers have sent. A
/// pool has a lock of its own, and any thread may use it. The shared array pool would double a size just above a power of two, such as that
/// of 1 MiB and its header, and would keep dozens of arrays of each size. It would also allocate for the threads that take while others
/// return.
/// </remarks>
/// <param name="mostKept">The most bytes that it keeps.</param>
internal sealed class LargeBuffers(int mostKept)
{
    /// <summary>The least length of an array in bytes.</summary>
    public const int Least = 128 * 1024;

    private readonly RankedLock _gate = new(LockRank.LargeBuffers);

    // The latest returned is the last. The first make room for it.
    private readonly List<byte[]> _kept = [];
    private long _keptBytes;

    /// <summary>The pool of this process.</summary>
    public static LargeBuffers Shared { get; } = new(32 * 1024 * 1024);

    /// <summary>Returns an array of at least this size, which is not cleared.</summary>
    public byte[] Rent(int size)
    {
        int length = LengthFor(size);
        using (_gate.Hold())
        {
            for (int i = _kept.Count - 1; i >= 0; i--)
            {
                if (_kept[i].Length == length)
                {
                    byte[] array = _kept[i];
                    _kept.RemoveAt(i);
                    _keptBytes -= length;
                    return array;
                }
            }
        }

        return GC.AllocateUninitializedArray<byte>(length);
    }

    /// <summary>Takes back an array. The caller uses it no more.</summary>
    public void Return(byte[] array)
    {
        if (array.Length > mostKept)
        {
            return;
        }

        using (_gate.Hold())
        {
            int removed = 0;
            for (; _keptBytes + array.Length > mostKept; removed++)
            {
                _keptBytes -= _kept[removed].Length;
            }

            _kept.RemoveRange(0, removed);
            _kept.Add(array);
            _keptBytes += array.Length;
        }
    }

    /// <summary>Returns the length of the array for a size: four lengths for each doubling.</summary>
    private static int LengthFor(int size)
    {
        int below = Math.Max(size, Least) - 1;
        int step = (1 << BitOperations.Log2((uint)below)) / 4;
        return (int)Math.Min(((long)below / step * step) + step, Array.MaxLength);
    }
}
