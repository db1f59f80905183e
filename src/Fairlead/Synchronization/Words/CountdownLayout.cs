namespace Fairlead.Synchronization.Words;

/// <summary>
/// A countdown. Drawn in docs/design/locks.md; a test holds the numbers. In the byte order of the machine. Memory that is zero is one that
/// nobody has used.
/// <code>
///     0  form, as of a mutex: the options are the count of the beginning                        u32
///    64  word: bit 0 changed, bits 1–24 the count, 25–29 rounds, 30 ending, 31 somebody sleeps   u32
///    68  rounds: how often it has begun anew after it had come to zero                          u32
///   128  the line (LineLayout)
/// 16576  guard: a mutex without a form (MutexLayout)
/// </code>
/// </summary>
internal static class CountdownLayout
{
    /// <summary>"FLD" and the version: 1.</summary>
    public const uint Magic = 0x0144_4c46;

    public const int MostCount = 0x00ff_ffff;

    public const int WordAt = 64;
    public const int RoundsAt = 68;
    public const int LineAt = 128;
    public const int GuardAt = LineAt + LineLayout.Size;
    public const int Size = GuardAt + MutexLayout.Size;
}
