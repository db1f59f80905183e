using Fairlead.Framing;

namespace Fairlead.Transports.SharedMemory;

/// <summary>
/// The memory that a publisher writes once for all its subscribers, who map it read-only: sealed so that nobody else can map it otherwise.
/// Numbers in the byte order of the machine.
/// <code>
///      0  magic "FLBR"                       the three words of this line never change
///      4  layout version
///      8  capacity of the data in bytes
///    128  tail       position behind the last published record
///    256  floor      position before which records are, or are about to be, overwritten
///    384  waits      not 0: subscribers say through their connections what they have consumed
///    512  unfenced   1 while the publisher publishes without a fence: who then goes to sleep makes one in both processes
///   page  data, capacity bytes, mapped twice in a row
/// </code>
/// A record lies at its position modulo the capacity, on 8 bytes:
/// <code>
///      0  for whom: a bit for each subscriber that it is meant for
///      8  message header, 16 bytes, as on the wire
///     24  head and payload, up to the next 8 bytes
/// </code>
/// What a subscriber says to the publisher stands in its own receiving ring (<see cref="RingLayout.ReadAt"/>); two frames through its
/// connection say when it begins and ceases to read here:
/// <code>
///   Sit      position, 8 bytes · which bit, 1 byte            from this position on
///   Leave    records, 8 bytes · repeated, 8 bytes             so many were meant for it since; the last ones follow here once more
/// </code>
/// </summary>
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

    public const int MostSeats = 64;

    /// <summary>Bytes that a record of so many bytes takes.</summary>
    public static long Whole(long bodyLength) => (RecordHead + bodyLength + RingLayout.Alignment - 1) & -RingLayout.Alignment;

    /// <summary>Twice what one subscriber's window takes by default: who reads does not hold up who writes.</summary>
    public static long CapacityFor(EndpointSettings settings) =>
        Math.Min(RingLayout.MostCapacity, 2 * RingLayout.CapacityFor(settings.Capacity, settings.Messages));
}
