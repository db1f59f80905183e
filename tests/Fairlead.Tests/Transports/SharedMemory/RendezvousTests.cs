using System.Buffers.Binary;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Memory;
using Fairlead.Native.Sockets;
using Fairlead.Transports.SharedMemory;

namespace Fairlead.Tests.Transports.SharedMemory;

/// <summary>The memory that a peer may pass, and may not pass.</summary>
public sealed class RendezvousTests
{
    private const long Capacity = RingLayout.LeastCapacity;

    [Fact]
    public void Memory_is_passed_and_shared()
    {
        (Descriptor near, Descriptor far) = NativeSocket.Pair(NativeSocketType.Stream);
        using (near)
        using (far)
        using (Descriptor file = MemoryFile.Create("rendezvous test", RingMemory.ControlSize + Capacity))
        using (RingMemory mine = new(file, Capacity))
        {
            Assert.True(Rendezvous.Send(near, file, Capacity).Ok);
            byte[] hello = new byte[Rendezvous.Size];
            Assert.Equal(Rendezvous.Size, DescriptorPassing.Receive(far, hello, out Descriptor? passed).Count);
            using RingMemory theirs = Rendezvous.Accept(hello, passed);
            passed!.Dispose();
            Write(mine, 42);
            Assert.Equal(42, Read(theirs));
        }
    }

    [Theory]
    [InlineData("magic", ErrorCode.Corrupt)]
    [InlineData("later version", ErrorCode.Incompatible)]
    [InlineData("no power of two", ErrorCode.Corrupt)]
    [InlineData("too large", ErrorCode.Corrupt)]
    [InlineData("too small", ErrorCode.Corrupt)]
    [InlineData("another page", ErrorCode.Corrupt)]
    [InlineData("more than the file has", ErrorCode.Corrupt)]
    [InlineData("no file", ErrorCode.Corrupt)]
    [InlineData("not sealed", ErrorCode.Corrupt)]
    [InlineData("a real file", ErrorCode.Corrupt)]
    public void An_introduction_that_cannot_be_trusted_is_refused(string what, ErrorCode code)
    {
        byte[] hello = new byte[Rendezvous.Size];
        BinaryPrimitives.WriteUInt32LittleEndian(hello, what == "magic" ? 1 : RingLayout.Magic);
        hello[4] = hello[5] = (byte)(what == "later version" ? 9 : 1);
        BinaryPrimitives.WriteInt64LittleEndian(hello.AsSpan(8), what switch
        {
            "no power of two" => Capacity + 4096,
            "too large" => RingLayout.MostCapacity * 2,
            "too small" => 4096,
            "more than the file has" => Capacity * 2,
            _ => Capacity,
        });
        BinaryPrimitives.WriteInt32LittleEndian(hello.AsSpan(16), what == "another page" ? 512 : RingMemory.ControlSize);
        string path = Path.GetTempFileName();
        try
        {
            using Descriptor? file = what switch
            {
                "no file" => null,
                "not sealed" => new Descriptor(Libc.CreateMemoryFile("not sealed", Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING)),
                "a real file" => NativeFile.Open(path, OpenFlags.ReadWrite, out _),
                _ => MemoryFile.Create("rendezvous test", RingMemory.ControlSize + Capacity),
            };
            if (what is "not sealed" or "a real file")
            {
                Assert.Equal(0, Libc.Truncate(file!.Number, RingMemory.ControlSize + Capacity));
            }

            Assert.Equal(code, Assert.Throws<FairleadException>(() => Rendezvous.Accept(hello, file)).Code);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static unsafe void Write(RingMemory memory, byte value) => memory.Data[memory.Capacity + 5] = value;

    private static unsafe byte Read(RingMemory memory) => memory.Data[5];
}
