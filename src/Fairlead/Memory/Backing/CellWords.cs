using System.Globalization;
using System.Runtime.CompilerServices;

namespace Fairlead.Memory.Backing;

/// <summary>
/// The words of a cell and the order in which they are written and read. One writer; readers never wait for it, nor it for them. Why that
/// is enough: docs/design/shared-cell.md, models/cell.pml.
/// </summary>
/// <remarks>
/// Byte order of the machine: the two halves of the form lie as drawn on little-endian machines, and the other way round on others, which
/// never share memory with these.
/// </remarks>
internal readonly unsafe struct CellWords(byte* start, int valueSize)
{
    /// <summary>The number of the last whole value; 0: none was ever written.</summary>
    public long Done => Volatile.Read(ref *(long*)(start + CellLayout.DoneAt));

    /// <summary>The process that last became the writer; 0: none. For people.</summary>
    public int WriterProcess
    {
        get => Volatile.Read(ref *(int*)(start + CellLayout.WriterAt));
        set => Volatile.Write(ref *(int*)(start + CellLayout.WriterAt), value);
    }

    /// <summary>Makes sure that this is a cell for values of this size; the first one settles it.</summary>
    /// <exception cref="FairleadException">Incompatible: it is one for another size. Corrupt: something else lies here.</exception>
    public void Settle(string who)
    {
        long mine = CellLayout.Form(valueSize);
        long found = Interlocked.CompareExchange(ref *(long*)(start + CellLayout.FormAt), mine, 0);
        if (found == 0 || found == mine)
        {
            return;
        }

        throw (uint)(found >>> 32) == CellLayout.Magic
            ? new FairleadException(
                ErrorCode.Incompatible,
                string.Create(
                    CultureInfo.InvariantCulture, $"{who} has values of {(uint)found} bytes, and the type asked for has {valueSize}"),
                "Use the same type in all programs, or remove the cell.")
            : new FairleadException(
                ErrorCode.Corrupt, $"{who} is none: something else lies there", "Choose another offset, or clear the memory.");
    }

    /// <summary>Writes one value. By the only writer.</summary>
    public void Write<T>(in T value)
        where T : unmanaged
    {
        // What is whole decides, and not what a dead writer had begun.
        long number = *(long*)(start + CellLayout.DoneAt) + 1;

        // Release: who sees this write begun sees the one before done.
        Volatile.Write(ref *(long*)(start + CellLayout.BegunAt), number);

        // And no byte of the value goes ahead of it. Its counterpart is the barrier in TryRead.
        StoreBarrier();
        Unsafe.WriteUnaligned(Slot(number), value);

        // Release: who sees the number (acquire, in TryRead) sees the whole value.
        Volatile.Write(ref *(long*)(start + CellLayout.DoneAt), number);
    }

    /// <summary>Copies the value of write <paramref name="number"/>; false when the writer may have come to its slot meanwhile.</summary>
    /// <param name="number">As read from <see cref="Done"/>.</param>
    /// <param name="value">The copy.</param>
    public bool TryRead<T>(long number, out T value)
        where T : unmanaged
    {
        value = Unsafe.ReadUnaligned<T>(Slot(number));

        // All of the value before the look at "begun": had one byte come from a later write, that look would see it begun.
        LoadBarrier();
        long begun = Volatile.Read(ref *(long*)(start + CellLayout.BegunAt));
        return (ulong)(begun - number) < CellLayout.Slots;
    }

    // Whatever the number is, the slot is one of the four.
    private byte* Slot(long number) => start + CellLayout.SlotsAt + ((number & (CellLayout.Slots - 1)) * CellLayout.Stride(valueSize));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreBarrier()
    {
#if NET10_0_OR_GREATER
        Volatile.WriteBarrier();
#else
        Interlocked.MemoryBarrier();
#endif
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadBarrier()
    {
#if NET10_0_OR_GREATER
        Volatile.ReadBarrier();
#else
        Interlocked.MemoryBarrier();
#endif
    }
}
