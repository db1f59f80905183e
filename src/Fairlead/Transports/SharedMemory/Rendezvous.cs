using System.Buffers.Binary;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Native.Sockets;

namespace Fairlead.Transports.SharedMemory;

/// <summary>The first exchange of both ends over the Unix socket: each passes the memory in which it receives.</summary>
/// <remarks>
/// The socket stays open as doorbell and as sign of life.
/// <code>
///      0  magic "FLRG"
///      4  lowest and highest layout version that this side supports, a byte each
///      6  1: this side reads broadcasts if a broadcast ring is passed later
///      8  capacity of the passed ring
///     16  bytes of the control page
///     20  0 …
///     32
/// </code>
/// Little-endian. Every byte after it is a doorbell, and only means: poll. With one of these bytes a publisher passes its broadcast ring.
/// </remarks>
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

    /// <summary>Returns whether the peer reads broadcasts.</summary>
    public static bool HearsBroadcasts(ReadOnlySpan<byte> hello) => (hello[6] & 1) != 0;

    /// <summary>Checks and maps the memory that the peer has passed.</summary>
    /// <exception cref="FairleadException">
    /// Incompatible, or Corrupt: the peer does not speak this protocol, or passed memory that it could withdraw.
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
                $"this side supports versions {LowestVersion} to {HighestVersion} of the shared memory layout, "
                    + $"and the other side {hello[4]} to {hello[5]}",
                "Update the older program.");
        }

        long capacity = BinaryPrimitives.ReadInt64LittleEndian(hello[8..]);
        int control = BinaryPrimitives.ReadInt32LittleEndian(hello[16..]);
        bool isRing = capacity is >= RingLayout.LeastCapacity and <= RingLayout.MostCapacity
            && (capacity & (capacity - 1)) == 0
            && capacity % RingMemory.ControlSize == 0;
        if (!isRing || control != RingMemory.ControlSize)
        {
            throw new FairleadException(
                ErrorCode.Corrupt, $"the peer announced an invalid ring: {capacity} bytes after {control} control bytes");
        }

        if (file is null || !MemoryFile.IsSafe(file, control + capacity))
        {
            throw new FairleadException(
                ErrorCode.Corrupt, "the peer passed no memory, or memory that it could truncate while it is in use");
        }

        return new RingMemory(file, capacity);
    }
}
