namespace Fairlead.Memory.Backing;

/// <summary>
/// The layout of a cell: the latest value of one writer. All-zero memory is a cell that has never been written, and a cell is therefore
/// never half created. docs/memory-layout.md shows it; a test checks the numbers.
/// <code>
///    0  size of the value in bytes           u32   both are one 64-bit word, which the first user changes from 0 by compare-and-swap
///    4  magic "FLC1"                         u32
///    8  process id of the writer, for people u32
///   12  reserved, 0
///   16  begun: number of the last write begun       i64   only the writer writes it
///   24  done:  number of the last complete write    i64   only the writer writes it
///   32  reserved, 0
///   64  four slots, each the value's size rounded up to 64; write N uses slot N mod 4
/// </code>
/// </summary>
internal static class CellLayout
{
    public const uint Magic = 0x3143_4C46; // "FLC1"

    public const int HeaderAt = 0;
    public const int WriterAt = 8;
    public const int BegunAt = 16;
    public const int DoneAt = 24;
    public const int SlotsAt = 64;

    public const int Alignment = 64;
    public const int Slots = 4;

    /// <summary>The distance between slots in bytes.</summary>
    public static long Stride(int valueSize) => ((long)valueSize + Alignment - 1) & -Alignment;

    /// <summary>The size of a cell in bytes.</summary>
    public static long Size(int valueSize) => SlotsAt + (Slots * Stride(valueSize));

    /// <summary>The first word, which identifies the cell and the size of its values.</summary>
    public static long Header(int valueSize) => ((long)Magic << 32) | (uint)valueSize;
}
