using System.Buffers.Binary;
using Fairlead.Native;

namespace Fairlead.Transports.SharedMemory;

/// <summary>
/// What the two ends say to each other first, over the Unix socket that stays open as doorbell and as sign of life: each passes the memory
/// that it receives in.
/// <code>
///      0  magic "FLRG"
///      4  lowest and highest layout version that this side speaks, a byte each
///      6  1: this side reads what is broadcast, where it is passed a ring for that behind this
///      8  capacity of the ring that comes along
///     16  bytes of the control page
///     20  0 …
///     32
/// </code>
/// Little-endian. Every byte after it is a doorbell, and means only: look. With one of them a publisher passes its broadcast ring.
/// </summary>
internal static class Rendezvous
{
    public const int Size = 32;

    private const byte LowestVersion = 1;
    private const byte HighestVersion = 1;

    /// <summary>Passes the memory to the peer.</summary>
    public static IoResult Send(Descriptor socket, Descriptor file, long capacity, bool hearsBroadcasts = false)
    {
        Span<byte> hello = stackalloc byte[Size];
        hello.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(hello, RingLayout.Magic);
        hello[4] = LowestVersion;
        hello[5] = HighestVersion;
        hello[6] = hearsBroadcasts ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt64LittleEndian(hello[8..], capacity);
        BinaryPrimitives.WriteInt32LittleEndian(hello[16..], RingMemory.ControlSize);
        return DescriptorPassing.Send(socket, hello, file);
    }

    /// <summary>Whether the peer reads what is broadcast.</summary>
    public static bool HearsBroadcasts(ReadOnlySpan<byte> hello) => (hello[6] & 1) != 0;

    /// <summary>Checks what the peer passed, and maps it.</summary>
    /// <exception cref="FairleadException">
    /// Incompatible, or Corrupt: it does not speak this, or passed something that it could pull away.
    /// </exception>
    public static RingMemory Accept(ReadOnlySpan<byte> hello, Descriptor? file)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(hello) != RingLayout.Magic)
        {
            throw new FairleadException(ErrorCode.Corrupt, "the peer does not speak Fairlead's shared memory protocol");
        }

        if (hello[4] > HighestVersion || hello[5] < LowestVersion)
        {
            throw new FairleadException(
                ErrorCode.Incompatible,
                $"one side speaks versions {LowestVersion} to {HighestVersion} of the shared memory layout, "
                    + $"the other {hello[4]} to {hello[5]}",
                "Update the older program.");
        }

        long capacity = BinaryPrimitives.ReadInt64LittleEndian(hello[8..]);
        int control = BinaryPrimitives.ReadInt32LittleEndian(hello[16..]);
        bool isRing = capacity is >= RingLayout.LeastCapacity and <= RingLayout.MostCapacity
            && (capacity & (capacity - 1)) == 0
            && capacity % RingMemory.ControlSize == 0;
        if (!isRing || control != RingMemory.ControlSize)
        {
            throw new FairleadException(ErrorCode.Corrupt, $"the peer announced a ring of {capacity} bytes behind {control}");
        }

        if (file is null || !MemoryFile.IsSafe(file, control + capacity))
        {
            throw new FairleadException(ErrorCode.Corrupt, "the peer passed no memory, or some that it could cut while we use it");
        }

        return new RingMemory(file, capacity);
    }
}
