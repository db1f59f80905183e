using System.Globalization;
using System.Runtime.CompilerServices;

namespace Fairlead.Memory.Backing;

/// <summary>
/// The words of a cell, and the order of reads and writes. There is one writer; readers and the writer never wait for each other.
/// docs/design/shared-cell.md and models/cell.pml show why that is enough.
/// </summary>
/// <remarks>
/// Native byte order: the two halves of the first word are as drawn on little-endian machines, and swapped on others, which never share
/// memory with these.
/// </remarks>
internal readonly unsafe struct CellWords(byte* start, int valueSize)
{
    /// <summary>The number of the last complete write; 0: none.</summary>
    public long Done => Volatile.Read(ref *(long*)(start + CellLayout.DoneAt));

    /// <summary>The process that became the writer last; 0: none. For people.</summary>
    public int WriterProcess
    {
        get => Volatile.Read(ref *(int*)(start + CellLayout.WriterAt));
        set => Volatile.Write(ref *(int*)(start + CellLayout.WriterAt), value);
    }

    /// <summary>Checks that this is a cell for values of this size; the first user settles the size.</summary>
    /// <exception cref="FairleadException">
    /// Incompatible: its values have another size, or the memory is too short. Corrupt: the memory holds something else.
    /// </exception>
    /// <param name="who">Its description in errors.</param>
    /// <param name="room">The bytes from its start to the end of the memory.</param>
    public void Settle(string who, long room)
    {
        long mine = CellLayout.Header(valueSize);
        long needed = CellLayout.Size(valueSize);

        // A creator that died before this step has left a file for the values of its type, which no size is settled in.
        long found = room < needed
            ? Volatile.Read(ref *(long*)(start + CellLayout.HeaderAt))
            : Interlocked.CompareExchange(ref *(long*)(start + CellLayout.HeaderAt), mine, 0);
        bool isOurs = found == 0 || found == mine;
        if (isOurs && room >= needed)
        {
            return;
        }

        throw isOurs
            ? new FairleadException(
                ErrorCode.Incompatible,
                string.Create(
                    CultureInfo.InvariantCulture, $"{who} has {room} bytes, but values of the requested type take {needed}"),
                "Use the same type in all programs, or remove the cell.")
            : (uint)(found >>> 32) == CellLayout.Magic
            ? new FairleadException(
                ErrorCode.Incompatible,
                string.Create(
                    CultureInfo.InvariantCulture, $"{who} has values of {(uint)found} bytes, but the requested type has {valueSize}"),
                "Use the same type in all programs, or remove the cell.")
            : new FairleadException(
                ErrorCode.Corrupt, $"{who} is not a cell: the memory holds something else", "Choose another offset, or clear the memory.");
    }

    /// <summary>Writes a value. Only the writer calls it.</summary>
    public void Write<T>(in T value)
        where T : unmanaged
    {
        // Start from the last complete write, not from one that a dead writer began.
        long number = *(long*)(start + CellLayout.DoneAt) + 1;

        // Release: a reader that sees this write begun sees the previous one done.
        Volatile.Write(ref *(long*)(start + CellLayout.BegunAt), number);

        // No byte of the value is written before that. Pairs with the barrier in TryRead.
        StoreBarrier();
        Unsafe.WriteUnaligned(Slot(number), value);

        // Release: a reader that sees the number (acquire, in TryRead) sees the whole value.
        Volatile.Write(ref *(long*)(start + CellLayout.DoneAt), number);
    }

    /// <summary>Copies the value of write <paramref name="number"/>; false if the writer may have reused its slot.</summary>
    /// <param name="number">The number, as read from <see cref="Done"/>.</param>
    /// <param name="value">The copy.</param>
    public bool TryRead<T>(long number, out T value)
        where T : unmanaged
    {
        value = Unsafe.ReadUnaligned<T>(Slot(number));

        // Read the whole value before "begun": if any byte came from a later write, that read would see the later write begun.
        LoadBarrier();
        long begun = Volatile.Read(ref *(long*)(start + CellLayout.BegunAt));
        return (ulong)(begun - number) < CellLayout.Slots;
    }

    // Any number maps to one of the four slots.
    private byte* Slot(long number) => start + CellLayout.SlotsAt + ((number & (CellLayout.Slots - 1)) * CellLayout.Stride(valueSize));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreBarrier()
    {
        Volatile.WriteBarrier();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadBarrier()
    {
        Volatile.ReadBarrier();
    }
}
