namespace Fairlead.Synchronization.Words;

/// <summary>
/// An event. Drawn in docs/design/locks.md; a test holds the numbers. In the byte order of the machine. Memory that is zero is one that is
/// not set and that nobody has used.
/// <code>
///     0  form, as of a mutex: option 1 is automatic                   u32
///    64  word: bit 0 set, bit 1 somebody sleeps, the rest an epoch    u32
///   128  the line (LineLayout)
/// </code>
/// </summary>
internal static class EventLayout
{
    /// <summary>"FLE" and the version: 1.</summary>
    public const uint Magic = 0x0145_4c46;

    public const uint AutomaticOption = 1;

    public const int WordAt = 64;
    public const int LineAt = 128;
    public const int Size = LineAt + LineLayout.Size;
}
