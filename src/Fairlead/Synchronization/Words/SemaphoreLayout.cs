namespace Fairlead.Synchronization.Words;

/// <summary>
/// A semaphore. Drawn in docs/design/locks.md; a test holds the numbers. In the byte order of the machine. Memory that is zero is one that
/// nobody has used.
/// <code>
///     0  form, as of a mutex: the options are the maximum (16 bits) and the permits of the beginning (16 bits)
///    64  wanted: 0, or bit 32 and the ticket of who is the first of the line and sleeps   u64
///    72  bell: changes when a permit may have become free                                 u32
///   128  the line (LineLayout)
/// 16576  seats, one for each permit that there can be, 16 bytes each (Seats): a free seat is a permit
///          0  word                                              u32    both are
///          4  mark: bit 31, and the thread of who has entered   u32    changed in one step
///          8  since, nanoseconds of 1970                        i64
/// </code>
/// </summary>
internal static class SemaphoreLayout
{
    /// <summary>"FLS" and the version: 1.</summary>
    public const uint Magic = 0x0153_4c46;

    public const int MostPermits = 4096;

    public const int WantedAt = 64;
    public const int BellAt = 72;
    public const int LineAt = 128;
    public const int SeatsAt = LineAt + LineLayout.Size;
    public const int SeatSize = Seats.SmallestSize;

    /// <summary>Both numbers, as they stand in the form.</summary>
    public static uint Options(int permits, int maximum) => ((uint)permits << 16) | (uint)maximum;

    public static int Permits(uint options) => (int)(options >> 16);

    public static int Maximum(uint options) => (int)(options & 0xffff);

    public static int Size(int maximum) => SeatsAt + (maximum * SeatSize);
}
