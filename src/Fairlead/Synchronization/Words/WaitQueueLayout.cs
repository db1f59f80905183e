namespace Fairlead.Synchronization.Words;

/// <summary>
/// The layout of the wait queue of a lock. docs/design/locks.md shows it; a test checks the numbers. Native byte order. All-zero memory is
/// an empty queue.
/// <code>
///    0  latest ticket                        u32
///   64  slots, 256 of 64 bytes: ticket n has slot n mod 256
///          0  word: owner thread of the waiter     u32    both are
///          4  ticket                         u32    changed in one step
///          8  participant                    u64
///         16  process                        i32
///         20  thread; 0: asynchronous        i32
///         24  since, nanoseconds of 1970     i64
///         32  owner thread of the writer           u32
/// </code>
/// </summary>
internal static class WaitQueueLayout
{
    public const int Places = 256;

    /// <summary>
    /// The most waiters in the queue at the same time. Fewer than there are slots: a slot is not reused while a thread may still sleep on
    /// its word (docs/design/locks.md).
    /// </summary>
    public const int MostWaiting = Places / 2;

    public const int TicketsAt = 0;
    public const int PlacesAt = 64;
    public const int PlaceSize = 64;
    public const int Size = PlacesAt + (Places * PlaceSize);

    public const int ParticipantAt = 8;
    public const int ProcessAt = 16;
    public const int ThreadAt = 20;
    public const int SinceAt = 24;
    public const int KeeperAt = 32;

    /// <summary>The half of the eight bytes that the kernel knows.</summary>
    public static int WordAt => BitConverter.IsLittleEndian ? 0 : 4;
}
