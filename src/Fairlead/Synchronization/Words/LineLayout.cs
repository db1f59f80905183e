namespace Fairlead.Synchronization.Words;

/// <summary>
/// The queue of those who wait for a lock. Drawn in docs/design/locks.md; a test holds the numbers. In the byte order of the machine.
/// Memory that is zero is an empty line.
/// <code>
///    0  tickets given out                    u32
///   64  places, 256 of 64 bytes: ticket n stands at place n mod 256
///          0  word: keeper of who waits      u32    both are
///          4  ticket                         u32    changed in one step
///          8  participant                    u64
///         16  process                        i32
///         20  thread, 0: none waits          i32
///         24  since, nanoseconds of 1970     i64
///         32  keeper of who has written it   u32
/// </code>
/// </summary>
internal static class LineLayout
{
    public const int Places = 256;

    /// <summary>
    /// No more stand in the line at once, so that a place is not used again while somebody may still sleep on its word
    /// (docs/design/locks.md).
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
