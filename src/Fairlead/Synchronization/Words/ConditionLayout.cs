namespace Fairlead.Synchronization.Words;

/// <summary>
/// The layout of a condition. docs/design/locks.md shows it; a test checks the numbers. Native byte order. All-zero memory is a condition
/// without waiters.
/// <code>
///     0  header: hash of its mutex u32, magic and version u32 (the first user settles it)   u64
///     8  pid namespace of the first user                                u32
///    12  1: a user in another pid namespace has it too                  u32
///    64  how often the waiters outside the queue were woken             u32
///    68  1: a waiter outside the queue exists                           u32
///   128  the wait queue (WaitQueueLayout); beside each slot: notified        u32
/// </code>
/// </summary>
internal static class ConditionLayout
{
    /// <summary>"FLC" and the version: 1.</summary>
    public const uint Magic = 0x0143_4c46;

    public const int OverflowAt = 64;
    public const int IsCrowdedAt = 68;
    public const int WaitQueueAt = 128;
    public const int Size = WaitQueueAt + WaitQueueLayout.Size;

    /// <summary>Beside a slot of the wait queue: 0, or how often it was notified.</summary>
    public const int NotifiedAt = 40;
}
