namespace Fairlead.Synchronization.Words;

/// <summary>
/// The layout of an event. docs/design/locks.md shows it; a test checks the numbers. Native byte order. All-zero memory is a new event, not
/// set.
/// <code>
///     0  header, as of a mutex: option 1 is automatic                 u32
///    64  word: bit 0 set, bit 1 has sleepers, the rest an epoch       u32
///   128  the wait queue (WaitQueueLayout)
/// </code>
/// </summary>
internal static class EventLayout
{
    /// <summary>"FLE" and the version: 1.</summary>
    public const uint Magic = 0x0145_4c46;

    public const uint AutomaticOption = 1;

    public const int WordAt = 64;
    public const int WaitQueueAt = 128;
    public const int Size = WaitQueueAt + WaitQueueLayout.Size;
}
