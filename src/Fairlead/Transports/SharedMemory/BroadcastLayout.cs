using Fairlead.Framing;

namespace Fairlead.Transports.SharedMemory;

/// <summary>The layout of the memory that a publisher writes once for all its subscribers.</summary>
/// <remarks>
/// Subscribers map it read-only, and seals prevent every other mapping. Numbers are in the byte order of the machine.
/// <code>
///      0  magic "FLBR"                       the three words of this line never change
///      4  layout version
///      8  capacity of the data in bytes
///    128  tail       position behind the last published record
///    256  floor      position before which records are, or are about to be, overwritten
///    384  waits      not 0: subscribers acknowledge through their connections what they have consumed
///    512  unfenced   1 while the publisher publishes without a fence: a sleeper then makes one in both processes
///   page  data, capacity bytes, mapped twice in a row
/// </code>
/// A record is at its position modulo the capacity, aligned to 8 bytes:
/// <code>
///      0  audience: one bit per subscriber that gets it
///      8  message header, 16 bytes, as on the wire
///     24  head and payload, up to the next 8 bytes
/// </code>
/// A subscriber reports to the publisher in its own receiving ring (<see cref="RingLayout.ReadAt"/>). Two frames through its connection
/// tell it when to begin and to stop reading here:
/// <code>
///   Sit      position, 8 bytes · which bit, 1 byte            from this position on
///   Leave    records, 8 bytes · repeated, 8 bytes             the records for it since Sit; the last ones follow here once more
/// </code>
/// </remarks>
internal static class BroadcastLayout
{
    public const uint Magic = 0x5242_4C46; // "FLBR"
    public const uint Version = 1;

    public const int TailAt = 128;
    public const int FloorAt = 256;
    public const int WaitsAt = 384;
    public const int UnfencedAt = 512;

    public const int RecordHead = 8 + MessageHeader.Size;

    public const MessageKind Sit = (MessageKind)0xE0;
    public const MessageKind Leave = (MessageKind)0xE1;
    public const int SitBytes = 9;
    public const int LeaveBytes = 16;

    public const int MostSlots = 64;

    /// <summary>Returns the bytes of a record with a body of this length.</summary>
    public static long Whole(long bodyLength) => (RecordHead + bodyLength + RingLayout.Alignment - 1) & -RingLayout.Alignment;

    /// <summary>Returns twice the size of one subscriber's default window, which keeps readers from holding up the writer.</summary>
    public static long CapacityFor(EndpointSettings settings) =>
        Math.Min(RingLayout.MostCapacity, 2 * RingLayout.CapacityFor(settings.Capacity, settings.Messages));
}
