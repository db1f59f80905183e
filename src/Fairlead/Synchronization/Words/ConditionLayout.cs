namespace Fairlead.Synchronization.Words;

/// <summary>
/// A condition. Drawn in docs/design/locks.md; a test holds the numbers. In the byte order of the machine. Memory that is zero is one for
/// which nobody waits.
/// <code>
///     0  form: which mutex it goes with u32, magic and version u32 (the first user settles it)   u64
///     8  pid namespace of the first user                                u32
///    12  1: somebody of another pid namespace has it too                u32
///    64  how often those without a place in the line were woken         u32
///    68  1: somebody without a place in the line waits                  u32
///   128  the line (LineLayout); beside each place: notified             u32
/// </code>
/// </summary>
internal static class ConditionLayout
{
    /// <summary>"FLC" and the version: 1.</summary>
    public const uint Magic = 0x0143_4c46;

    public const int CrowdAt = 64;
    public const int IsCrowdedAt = 68;
    public const int LineAt = 128;
    public const int Size = LineAt + LineLayout.Size;

    /// <summary>Of a place in the line: 0, or how often it was notified.</summary>
    public const int NotifiedAt = 40;
}
