namespace Fairlead.Transports.SharedMemory;

/// <summary>The layout of the memory of one direction of a connection.</summary>
/// <remarks>
/// The receiving side creates it, and the other side writes it. Numbers are in the byte order of the machine. Each word has one writer,
/// except for the two sleep words, which the sleeper sets and its waker clears.
/// <code>
///      0  magic "FLRG"                       the four words of this line never change once the memory has been passed on
///      4  layout version
///      8  capacity of the data in bytes
///    128  tail       sender:   position behind the last published record
///    136  ended      sender:   1 when nothing follows what is published
///    140  unfenced   sender:   1 while it publishes without a fence: a sleeper then makes one in both processes
///    144  fences     sender:   1 when it can make one
///    256  head       receiver: position before which everything has been released
///    264  unfenced   receiver: 1 while it releases without a fence
///    268  fences     receiver: 1 when it can make one in both processes
///    384  reader     0 awake, 1 asleep behind a doorbell, 2 asleep on this word (a futex)
///    512  writer     0 awake, 1 waits behind a doorbell for capacity
///    640  read       receiver, a subscriber: position in the broadcast ring before which it has read everything
///    648  consumed   receiver, a subscriber: messages handed to its user on this connection, modulo 2³²
///    656  bytes      receiver, a subscriber: their bytes
///    664  left       receiver, a subscriber: how often it has stopped reading in the broadcast ring
///   page  data, capacity bytes, mapped twice in a row
/// </code>
/// Positions count bytes since the beginning and never wrap around. A record is at its position modulo the capacity, aligned to 8 bytes:
/// <code>
///      0  message header, 16 bytes, as on the wire          or, of a piece of a stream:    length, 255, 0 …
///                                                        or, of a record to skip:        length, 254, 0 …
///     16  head and payload, up to the next 8 bytes
/// </code>
/// </remarks>
internal static class RingLayout
{
    public const uint Magic = 0x4752_4C46; // "FLRG"
    public const uint Version = 1;

    public const int MagicAt = 0;
    public const int VersionAt = 4;
    public const int CapacityAt = 8;
    public const int TailAt = 128;
    public const int EndedAt = 136;
    public const int UnfencedTailAt = 140;
    public const int SenderFencesAt = 144;
    public const int HeadAt = 256;
    public const int UnfencedHeadAt = 264;
    public const int ReceiverFencesAt = 268;
    public const int ReaderAt = 384;
    public const int WriterAt = 512;
    public const int ReadAt = 640;
    public const int ConsumedAt = 648;
    public const int ConsumedBytesAt = 656;
    public const int LeftAt = 664;

    public const int Awake = 0;
    public const int BehindDoorbell = 1;
    public const int OnFutex = 2;

    public const int Alignment = 8;

    /// <summary>In place of a message's kind: the record is a piece of a byte stream of frames, for messages longer than the free
    /// space.</summary>
    public const byte Piece = 255;

    /// <summary>In place of a message's kind: the record is empty and must be skipped.</summary>
    public const byte Nothing = 254;

    public const long LeastCapacity = 64 * 1024;
    public const long MostCapacity = 1L << 30;

    /// <summary>Returns the bytes of a record with a body of this length.</summary>
    public static long Whole(long bodyLength) => (Framing.MessageHeader.Size + bodyLength + Alignment - 1) & -Alignment;

    /// <summary>Returns whether this much free space is enough to wake a sender that found the ring full. Both sides use it.</summary>
    public static bool IsWorthWaking(long room, long capacity) => room > Math.Min(capacity / 8, 64 * 1024);

    /// <summary>Returns the ring size for a window: so many unread bytes and messages with their headers, and space for answers and
    /// acknowledgements.</summary>
    public static long CapacityFor(long unread, long messages)
    {
        long wanted = unread + (messages * (Framing.MessageHeader.Size + Alignment)) + LeastCapacity;
        long capacity = Math.Max(LeastCapacity, Environment.SystemPageSize);
        while (capacity < wanted && capacity < MostCapacity)
        {
            capacity *= 2;
        }

        return capacity;
    }
}
