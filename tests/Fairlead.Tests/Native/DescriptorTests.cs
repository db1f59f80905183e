using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Sockets;
using Fairlead.Native.Waiting;

namespace Fairlead.Tests.Native;

public sealed class DescriptorTests
{
    [Fact]
    public void Written_bytes_are_read()
    {
        var (near, far) = NativeSocket.Pair(NativeSocketType.Stream);
        using var first = near;
        using var second = far;

        var written = near.Write("hello"u8);
        Assert.True(written.Ok);
        Assert.Equal(5, written.Count);

        var buffer = new byte[10];
        var read = far.Read(buffer);
        Assert.Equal("hello"u8, buffer.AsSpan(0, read.Count));
    }

    [Theory]
    [InlineData("a", "bc", "def")]
    [InlineData("", "bc", "def")]
    [InlineData("a", "", "def")]
    [InlineData("a", "bc", "")]
    [InlineData("", "", "def")]
    [InlineData("", "bc", "")]
    public void Parts_are_written_in_order(string one, string two, string three)
    {
        var (near, far) = NativeSocket.Pair(NativeSocketType.Stream);
        using var first = near;
        using var second = far;

        var written = near.Write(Bytes(one), Bytes(two), Bytes(three));
        Assert.Equal(one.Length + two.Length + three.Length, written.Count);

        var buffer = new byte[10];
        var read = far.Read(buffer);
        Assert.Equal(one + two + three, System.Text.Encoding.ASCII.GetString(buffer, 0, read.Count));
    }

    [Fact]
    public void A_write_of_empty_parts_makes_no_system_call()
    {
        // A write of zero bytes would be an empty packet here.
        var (near, far) = NativeSocket.Pair(NativeSocketType.SeqPacket);
        using var first = near;
        using var second = far;

        Assert.True(near.Write([], [], []) is { Ok: true, Count: 0 });
        Assert.True(far.Read(new byte[1]).WouldBlock);
    }

    [Theory]
    [InlineData(2, 8, "ab", "cdef")]
    [InlineData(6, 1, "abcdef", "")]
    [InlineData(0, 8, "", "abcdef")]
    [InlineData(8, 0, "abcdef", "")]
    public void A_read_fills_the_first_buffer_then_the_second(int firstSize, int secondSize, string inFirst, string inSecond)
    {
        var (near, far) = NativeSocket.Pair(NativeSocketType.Stream);
        using var one = near;
        using var two = far;
        near.Write("abcdef"u8);

        var first = new byte[firstSize];
        var second = new byte[secondSize];
        var read = far.Read(first, second);

        Assert.Equal(6, read.Count);
        Assert.Equal(Bytes(inFirst), first[..inFirst.Length]);
        Assert.Equal(Bytes(inSecond), second[..inSecond.Length]);
    }

    [Fact]
    public void An_empty_and_a_full_channel_would_block()
    {
        var (near, far) = NativeSocket.Pair(NativeSocketType.Stream);
        using var first = near;
        using var second = far;

        Assert.True(far.Read(new byte[1]) is { WouldBlock: true, Ok: false, IsEnd: false, Count: 0 });

        var block = new byte[65536];
        IoResult result;
        do
        {
            result = near.Write(block);
        }
        while (result.Ok);
        Assert.True(result.WouldBlock);
        Assert.True(near.Write(block, block).WouldBlock);
    }

    [Fact]
    public void A_closed_peer_is_the_end_for_a_reader_and_EPIPE_for_a_writer()
    {
        var (near, far) = NativeSocket.Pair(NativeSocketType.Stream);
        using var first = near;
        far.Dispose();

        Assert.True(near.Read(new byte[1]).IsEnd);

        // And this process is still there: no SIGPIPE.
        Assert.Equal(Errno.EPIPE, near.Write("x"u8).Error);
        Assert.Equal(Errno.EPIPE, near.Write("x"u8, "y"u8).Error);
    }

    [Fact]
    public void Shutting_down_ends_one_direction()
    {
        var (near, far) = NativeSocket.Pair(NativeSocketType.Stream);
        using var first = near;
        using var second = far;

        near.ShutdownSocket(ShutdownHow.Write);

        Assert.True(far.Read(new byte[1]).IsEnd);
        Assert.Equal(Errno.EPIPE, near.Write("x"u8).Error);
        Assert.True(far.Write("x"u8).Ok);
        near.ShutdownSocket(ShutdownHow.Both);
    }

    [Fact]
    public void Calls_on_a_closed_descriptor_return_EBADF()
    {
        var (near, far) = NativeSocket.Pair(NativeSocketType.Stream);
        far.Dispose();
        near.Dispose();

        Assert.Equal(Errno.EBADF, near.Read(new byte[1]).Error);
        Assert.Equal(Errno.EBADF, near.Read(new byte[1], new byte[1]).Error);
        Assert.Equal(Errno.EBADF, near.Write("x"u8).Error);
        Assert.Equal(Errno.EBADF, near.Write("x"u8, "y"u8).Error);
        Assert.Equal(Errno.EBADF, near.ReadAt(new byte[1], 0).Error);
        Assert.Equal(Errno.EBADF, near.WriteAt("x"u8, 0).Error);
        near.ShutdownSocket(ShutdownHow.Both);
        near.Dispose();
    }

    [Fact]
    public void Closing_waits_for_calls_in_progress_and_admits_no_other_call()
    {
        var (near, far) = NativeSocket.Pair(NativeSocketType.Stream);
        using var second = far;
        var path = $"/proc/self/fd/{near.Number}";
        var socket = NativeFile.Stat(path)!;

        Assert.True(near.TryEnter());
        near.Dispose();

        Assert.False(near.TryEnter());
        Assert.True(NativeFile.Stat(path)!.IsSameFile(socket));

        near.Exit();
        Assert.True(far.Read(new byte[1]).IsEnd);
    }

    [Fact]
    public void Reading_and_writing_at_an_offset_leaves_the_position()
    {
        using var directory = new TemporaryDirectory();
        using var file = NativeFile.Open(directory["f"], OpenFlags.ReadWrite | OpenFlags.Create, out _)!;

        Assert.Equal(3, file.WriteAt("abc"u8, 100).Count);
        Assert.Equal(2, file.Write("xy"u8).Count);

        var buffer = new byte[3];
        Assert.Equal(3, file.ReadAt(buffer, 100).Count);
        Assert.Equal("abc"u8, buffer);
        Assert.True(file.ReadAt(buffer, 103).IsEnd);
    }

    [Fact]
    public void Nothing_is_allocated_per_call()
    {
        var (near, far) = NativeSocket.Pair(NativeSocketType.Stream);
        using var first = near;
        using var second = far;
        using var bell = new EventDescriptor();
        using var set = new PollSet();
        set.Add(far, 1, PollEvents.Read);
        var buffer = new byte[64];
        var events = new PollEvent[4];

        Assert.Equal(0, Allocations.Least(() => Round(1_000)));

        void Round(int count)
        {
            for (var i = 0; i < count; i++)
            {
                near.Write(buffer);
                near.Write(buffer, buffer, buffer);
                set.Wait(events, TimeSpan.FromSeconds(1));
                BlockingWait.Wait(far, PollEvents.Read, TimeSpan.FromSeconds(1));
                while (far.Read(buffer, buffer).Ok)
                {
                }

                bell.Signal();
                bell.Drain();
            }
        }
    }

    private static byte[] Bytes(string text) => System.Text.Encoding.ASCII.GetBytes(text);
}
