namespace Fairlead.Synchronization.Words;

/// <summary>
/// The layout of a semaphore. docs/design/locks.md shows it; a test checks the numbers. Native byte order. All-zero memory is a new
/// semaphore.
/// <code>
///     0  header, as of a mutex: the options are the maximum (16 bits) and the initial permits (16 bits)
///    64  wanted: 0, or bit 32 and the ticket of the first waiter, which sleeps            u64
///    72  doorbell: changes when a permit may have become free                             u32
///   128  the wait queue (WaitQueueLayout)
/// 16576  slots, one for each possible permit, 16 bytes each (LockSlots): a free slot is a permit
///          0  word                                              u32    both are
///          4  mark: bit 31, and the thread of the owner         u32    changed in one step
///          8  since, nanoseconds of 1970                        i64
/// </code>
/// </summary>
internal static class SemaphoreLayout
{
    /// <summary>"FLS" and the version: 1.</summary>
    public const uint Magic = 0x0153_4c46;

    public const int MostPermits = 4096;

    public const int WantedAt = 64;
    public const int DoorbellAt = 72;
    public const int WaitQueueAt = 128;
    public const int SlotsAt = WaitQueueAt + WaitQueueLayout.Size;
    public const int SlotSize = LockSlots.SmallestSize;

    /// <summary>Both numbers, as the header holds them.</summary>
    public static uint Options(int permits, int maximum) => ((uint)permits << 16) | (uint)maximum;

    public static int Permits(uint options) => (int)(options >> 16);

    public static int Maximum(uint options) => (int)(options & 0xffff);

    public static int Size(int maximum) => SlotsAt + (maximum * SlotSize);
}
