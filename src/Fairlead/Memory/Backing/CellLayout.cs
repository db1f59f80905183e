namespace Fairlead.Memory.Backing;

/// <summary>
/// A cell: the newest value of one writer. All zeroes is a cell that has never been written, so that there is no moment in which it is half
/// made. Drawn in docs/memory-layout.md; a test holds the numbers.
/// <code>
///    0  size of the value in bytes           u32   these two are one 64-bit word, which the first who opens the cell exchanges for 0
///    4  magic "FLC1"                         u32
///    8  process id of the writer, for people u32
///   12  reserved, 0
///   16  begun: number of the last write that was begun      i64   the writer's alone
///   24  done:  number of the last write that is whole       i64   the writer's alone
///   32  reserved, 0
///   64  four slots, each the value's size rounded up to 64; write N lies in slot N mod 4
/// </code>
/// </summary>
internal static class CellLayout
{
    public const uint Magic = 0x3143_4C46; // "FLC1"

    public const int FormAt = 0;
    public const int WriterAt = 8;
    public const int BegunAt = 16;
    public const int DoneAt = 24;
    public const int SlotsAt = 64;

    public const int Alignment = 64;
    public const int Slots = 4;

    /// <summary>Bytes from one slot to the next.</summary>
    public static long Stride(int valueSize) => ((long)valueSize + Alignment - 1) & -Alignment;

    /// <summary>Bytes that a cell takes.</summary>
    public static long Size(int valueSize) => SlotsAt + (Slots * Stride(valueSize));

    /// <summary>The word that says what the cell is.</summary>
    public static long Form(int valueSize) => ((long)Magic << 32) | (uint)valueSize;
}
