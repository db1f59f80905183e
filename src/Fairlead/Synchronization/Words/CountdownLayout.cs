namespace Fairlead.Synchronization.Words;

/// <summary>
/// The layout of a countdown. docs/design/locks.md shows it; a test checks the numbers. Native byte order. All-zero memory is a new
/// countdown.
/// <code>
///     0  header, as of a mutex: the options are the initial count                               u32
///    64  word: bit 0 changed, bits 1–24 the count, 25–29 rounds, 30 ending, 31 has sleepers      u32
///    68  rounds: how often it was reset after it had reached zero                               u32
///   128  the wait queue (WaitQueueLayout)
/// 16576  guard: a mutex without a header (MutexLayout)
/// </code>
/// </summary>
internal static class CountdownLayout
{
    /// <summary>"FLD" and the version: 1.</summary>
    public const uint Magic = 0x0144_4c46;

    public const int MostCount = 0x00ff_ffff;

    public const int WordAt = 64;
    public const int RoundsAt = 68;
    public const int WaitQueueAt = 128;
    public const int GuardAt = WaitQueueAt + WaitQueueLayout.Size;
    public const int Size = GuardAt + MutexLayout.Size;
}
