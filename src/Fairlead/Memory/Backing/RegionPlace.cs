using System.Globalization;
using System.Runtime.InteropServices;

namespace Fairlead.Memory.Backing;

/// <summary>Finds values in opened memory.</summary>
internal static unsafe class RegionPlace
{
    /// <summary>Returns the address of values in a row; checks that they lie in the memory, and are aligned.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The values do not fit into the region at this offset.</exception>
    /// <exception cref="ArgumentException">The offset is not aligned for the type.</exception>
    public static T* Of<T>(RegionMemory memory, long offset, int count)
        where T : unmanaged
    {
        long length = (long)count * sizeof(T);
        if (offset < 0 || length > memory.Size || offset > memory.Size - length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offset),
                offset,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{length} bytes at {offset} do not fit: {memory.Description} has {memory.Size} bytes."));
        }

        byte* place = memory.Start + offset;
        int alignment = AlignmentOf<T>.Value;
        return (nuint)place % (nuint)alignment == 0
            ? (T*)place
            : throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture, $"{offset} is not a multiple of {alignment}, the alignment of {typeof(T).Name}."),
                nameof(offset));
    }

    // The alignment that the runtime gives a T behind a single byte.
    private static class AlignmentOf<T>
        where T : unmanaged
    {
        public static readonly int Value = sizeof(BehindByte<T>) - sizeof(T);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct BehindByte<T>
        where T : unmanaged
    {
        public byte First;
        public T Value;
    }
}
