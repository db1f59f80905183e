using System.Buffers.Binary;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Native.Sockets;
using Fairlead.Transports.SharedMemory;

namespace Fairlead.Tests.Transports.SharedMemory;

/// <summary>Peers that pass no memory.</summary>
public sealed class SharedMemoryConnectionTests
{
    [Fact]
    public void A_peer_whose_introduction_passes_no_memory_is_refused()
    {
        (Descriptor near, Descriptor far) = NativeSocket.Pair(NativeSocketType.Stream);
        using (far)
        using (SharedMemoryConnection connection = new(near, RingLayout.LeastCapacity, new Peer(), hearsBroadcasts: false))
        {
            byte[] hello = new byte[Rendezvous.Size];
            BinaryPrimitives.WriteUInt32LittleEndian(hello, RingLayout.Magic);
            hello[4] = hello[5] = 1;
            BinaryPrimitives.WriteInt64LittleEndian(hello.AsSpan(8), RingLayout.LeastCapacity);
            BinaryPrimitives.WriteInt32LittleEndian(hello.AsSpan(16), RingMemory.ControlSize);
            Assert.Equal(hello.Length, far.Write(hello).Count);
            connection.OnReady(PollEvents.Read);

            // Otherwise every message to this peer would wait without end.
            Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(() => connection.Fill()).Code);
        }
    }
}
