namespace Fairlead.Synchronization.Words;

/// <summary>
/// The layout of a count. docs/design/locks.md shows it; a test checks the numbers. Native byte order. All-zero memory is a new count of
/// zero.
/// <code>
///     0  header, as of a mutex: the options are the maximum       u32
///    64  word: bit 0 has sleepers, bits 1–31 the count            u32
///   128  the wait queue (WaitQueueLayout)
/// 16576  guard: a mutex without a header (MutexLayout)
/// </code>
/// </summary>
internal static class CountLayout
{
    /// <summary>"FLN" and the version: 1.</summary>
    public const uint Magic = 0x014e_4c46;

    public const int WordAt = 64;
    public const int WaitQueueAt = 128;
    public const int GuardAt = WaitQueueAt + WaitQueueLayout.Size;
    public const int Size = GuardAt + MutexLayout.Size;
}
