namespace Fairlead.Synchronization.Words;

/// <summary>
/// A barrier. Drawn in docs/design/locks.md; a test holds the numbers. In the byte order of the machine. Memory that is zero is one that
/// nobody has used.
/// <code>
///     0  form, as of a mutex: the options are the number of parties                             u32
///    64  state: bits 0–9 arrived, 10 broken, 11–18 resets, 19–63 the phase (BarrierState)       u64
///    72  bell: changes when who waits is to look again                                         u32
///    76  the process of the party that has died last                                           i32
///   128  the line (LineLayout)
/// 16576  guard: a mutex without a form (MutexLayout)
/// 33152  seats, one for each party, 64 bytes each (Seats); the mark is 1 when its owner has become a party; at 8: who (Standing)
/// </code>
/// </summary>
internal static class BarrierLayout
{
    /// <summary>"FLB" and the version: 1.</summary>
    public const uint Magic = 0x0142_4c46;

    public const int MostParties = 1024;

    public const int StateAt = 64;
    public const int BellAt = 72;
    public const int DeadAt = 76;
    public const int LineAt = 128;
    public const int GuardAt = LineAt + LineLayout.Size;
    public const int SeatsAt = GuardAt + MutexLayout.Size;
    public const int SeatSize = 64;

    public static int Size(int parties) => SeatsAt + (parties * SeatSize);
}
