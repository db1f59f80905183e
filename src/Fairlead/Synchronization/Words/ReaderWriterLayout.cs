namespace Fairlead.Synchronization.Words;

/// <summary>
/// The layout of a reader-writer lock. docs/design/locks.md shows it; a test checks the numbers. Native byte order. All-zero memory is a
/// new, free lock.
/// <code>
///     0  header: 0 u32, magic and version u32 (the first user settles it)   u64
///     8  pid namespace of the first user                        u32
///    12  1: a user in another pid namespace has it too          u32
///    64  doorbell: rung by leaving readers                      u32
///    68  1: a caller in the gate waits for readers to leave     u32
///    72  1: a writer is inside                                  u32
///    76  in doubt: a writer has died inside, and the data is not marked consistent      u32
///   128  the gate: a mutex (MutexLayout)
/// 16704  slots of readers, 256 of 64 bytes (LockSlots); at 8: the owner info (OwnerInfo)
/// </code>
/// </summary>
internal static class ReaderWriterLayout
{
    /// <summary>"FLR" and the version: 1.</summary>
    public const uint Magic = 0x0152_4c46;

    public const int MostReaders = 256;

    public const int DoorbellAt = 64;
    public const int IsWantedAt = 68;
    public const int IsWritingAt = 72;
    public const int InDoubtAt = 76;
    public const int GateAt = 128;
    public const int SlotsAt = GateAt + MutexLayout.Size;
    public const int SlotSize = 64;
    public const int Size = SlotsAt + (MostReaders * SlotSize);
}
