namespace Fairlead.Synchronization.Words;

/// <summary>
/// The layout of a mutex. docs/design/locks.md shows it; a test checks the numbers. Native byte order. All-zero memory is a new, free
/// mutex.
/// <code>
///     0  header: options u32, magic and version u32 (the first user settles it)   u64
///     8  pid namespace of the first user                               u32
///    12  1: a user in another pid namespace has it too                 u32
///    64  word (LockWord)                                               u32
///    68  in doubt: an owner has died, and the data is not marked consistent   u32
///    72  number of entries                                             u64
///    80  participant of the last owner                                 u64
///    88  process of the last owner                                     i32
///    92  thread of the owner; 0: none, or the mutex is free            i32
///    96  since, nanoseconds of 1970                                    i64
///   104  owner thread of the last owner                                      u32
///   128  the wait queue (WaitQueueLayout)
/// </code>
/// </summary>
internal static class MutexLayout
{
    /// <summary>"FLM" and the version: 1.</summary>
    public const uint Magic = 0x014d_4c46;

    public const int HeaderAt = 0;
    public const int NamespaceAt = 8;
    public const int MixedAt = 12;
    public const int WordAt = 64;
    public const int InDoubtAt = 68;
    public const int EntriesAt = 72;
    public const int ParticipantAt = 80;
    public const int ProcessAt = 88;
    public const int ThreadAt = 92;
    public const int SinceAt = 96;
    public const int KeeperAt = 104;
    public const int WaitQueueAt = 128;
    public const int Size = WaitQueueAt + WaitQueueLayout.Size;
}
