namespace Fairlead.Synchronization.Words;

/// <summary>
/// The layout of a barrier. docs/design/locks.md shows it; a test checks the numbers. Native byte order. All-zero memory is a new barrier.
/// <code>
///     0  header, as of a mutex: the options are the number of parties                           u32
///    64  state: bits 0–9 arrived, 10 broken, 11–18 resets, 19–63 the phase (BarrierState)       u64
///    72  doorbell: changes when the waiters must check again                                   u32
///    76  the process of the party that died last                                               i32
///   128  the wait queue (WaitQueueLayout)
/// 16576  guard: a mutex without a header (MutexLayout)
/// 33152  slots, one for each party, 64 bytes each (LockSlots); the mark is 1 when its owner is a party; at 8: the owner info (OwnerInfo)
/// </code>
/// </summary>
internal static class BarrierLayout
{
    /// <summary>"FLB" and the version: 1.</summary>
    public const uint Magic = 0x0142_4c46;

    public const int MostParties = 1024;

    public const int StateAt = 64;
    public const int DoorbellAt = 72;
    public const int DeadAt = 76;
    public const int WaitQueueAt = 128;
    public const int GuardAt = WaitQueueAt + WaitQueueLayout.Size;
    public const int SlotsAt = GuardAt + MutexLayout.Size;
    public const int SlotSize = 64;

    public static int Size(int parties) => SlotsAt + (parties * SlotSize);
}
