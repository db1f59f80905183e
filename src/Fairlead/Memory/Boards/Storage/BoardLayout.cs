using Fairlead.Memory.Backing;
using Fairlead.Synchronization.Words;

namespace Fairlead.Memory.Boards.Storage;

/// <summary>
/// A board: many cells by name. Drawn in docs/memory-layout.md; a test holds the numbers. In the byte order of the machine. All offsets
/// count from the first byte behind the region's header. Written before the file has its name, except for what says otherwise.
/// <code>
///     0  form: most cells u32, magic "FLG" and version u32                 u64
///     8  pid namespace of the first user                                   u32   set by the first user
///    12  1: a process of another pid namespace has the board open too      u32   set by that process
///    16  bytes for cells                                                   i64
///    24  count: how many cells there are; their entries are whole          u32   by the process that adds a cell, last
///    28  1: sealed, no cell is added any more                              u32   by the process that seals the board
///    32  bell: waiters for more than one cell sleep on it (DoorbellWord)       u32   by writers and waiters
///    36  reserved, 0
///    64  slots, 64 bytes for each cell that there can be: the owner of a slot writes the cell
///           0  word (LockWord): the owner thread of the writer   u32    both are
///           4  mark: how many writers there were           u32    changed in one step
///           8  participant of the last writer              u64
///          16  process of the last writer                  i32
///          20  mark that the last writer set               u32
///          24  since, nanoseconds of 1970                  i64
///          32  owner thread of the last writer                   u32
///   S      entries, 256 bytes for each cell that there can be; S = 64 + 64 · most cells
///           0  offset of the cell                          i64
///           8  layout fingerprint of its type              u64
///          16  size of a value                             u32
///          20  length of the key                           u16
///          22  length of the type's name                   u16
///          24  reserved, 0
///          32  key, UTF-8, 96 bytes
///         128  name of the type, UTF-8, 128 bytes
///   C      cells, each as CellLayout draws it; C = S + 256 · most cells
///          32  bell: waiters for this cell alone sleep on it (DoorbellWord)    u32   by its writer and waiters
/// </code>
/// </summary>
internal static class BoardLayout
{
    /// <summary>"FLG" and the version: 1.</summary>
    public const uint Magic = 0x0147_4c46;

    /// <summary>Slots must fit into a <see cref="Native.Memory.RobustMemory"/> of 128 KiB.</summary>
    public const int MostCells = 1024;

    public const int HeaderAt = 0;
    public const int BytesAt = 16;
    public const int CountAt = 24;
    public const int SealedAt = 28;
    public const int DoorbellAt = 32;
    public const int HolderSlotsAt = 64;
    public const int HolderSlotSize = 64;

    public const int EntrySize = 256;
    public const int EntryOffsetAt = 0;
    public const int EntryFingerprintAt = 8;
    public const int EntryValueSizeAt = 16;
    public const int EntryKeyLengthAt = 20;
    public const int EntryTypeLengthAt = 22;
    public const int EntryKeyAt = 32;
    public const int EntryTypeAt = 128;

    public const int LongestKey = EntryTypeAt - EntryKeyAt;
    public const int LongestType = EntrySize - EntryTypeAt;

    /// <summary>In a cell, where a <see cref="CellLayout"/> has reserved bytes.</summary>
    public const int CellDoorbellAt = 32;

    /// <summary>The place of the entries, after the slots.</summary>
    public static int EntriesAt(int cells) => HolderSlotsAt + (cells * HolderSlotSize);

    /// <summary>The place of the cells, after the entries.</summary>
    public static long CellsAt(int cells) => EntriesAt(cells) + ((long)cells * EntrySize);

    /// <summary>Bytes of a whole board.</summary>
    public static long Size(int cells, long bytes) => CellsAt(cells) + bytes;

    /// <summary>The slots of a board.</summary>
    public static unsafe LockSlots HolderSlots(byte* start, int cells) => new(start + HolderSlotsAt, cells, HolderSlotSize);
}
