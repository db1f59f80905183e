using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Memory;
using Fairlead.Native.Sockets;

namespace Fairlead.Tests.Native;

public sealed class MappedFileTests
{
    [Fact]
    public void Two_mappings_of_a_file_share_their_memory()
    {
        using var directory = new TemporaryDirectory();
        using var file = NativeFile.Open(directory["f"], OpenFlags.ReadWrite | OpenFlags.Create, out _)!;
        using var first = new MappedFile(file, 5_000);
        using var second = new MappedFile(file, 5_000, writable: false);
        file.Dispose();

        Assert.Equal(5_000u, first.Length);
        Assert.Equal(5_000, new FileInfo(directory["f"]).Length);
        first.Span[4_999] = 7;
        Assert.Equal(7, second.Span[4_999]);
        Assert.Equal(0, second.Span[0]);
        Assert.Equal(7, File.ReadAllBytes(directory["f"])[4_999]);
    }

    [Fact]
    public void Disk_space_is_reserved_before_the_file_is_mapped()
    {
        using var directory = new TemporaryDirectory();
        using var file = NativeFile.Open(directory["f"], OpenFlags.ReadWrite | OpenFlags.Create, out _)!;

        // More than any disk has: an exception here, not SIGBUS later.
        var failure = Assert.Throws<FairleadException>(() => new MappedFile(file, 1L << 60));
        Assert.True(failure.Code is ErrorCode.Full or ErrorCode.TooLarge, failure.Message);
    }

    [Fact]
    public void Zeroes_are_written_if_the_file_system_cannot_allocate()
    {
        using var directory = new TemporaryDirectory();
        using var file = NativeFile.Open(directory["f"], OpenFlags.ReadWrite | OpenFlags.Create, out _)!;
        file.Write("abc"u8);

        Assert.Equal(Errno.None, FileSpace.FillUp(file, 10_000));
        var expected = new byte[10_000];
        "abc"u8.CopyTo(expected);
        Assert.Equal(expected, File.ReadAllBytes(directory["f"]));

        Assert.Equal(Errno.None, FileSpace.FillUp(file, 5));
        Assert.Equal(10_000, NativeFile.Fstat(file)!.Size);
    }

    [Fact]
    public void Memory_without_a_file_is_zeroed()
    {
        using var memory = MappedFile.Anonymous(4096);
        Assert.Equal(-1, memory.Span.IndexOfAnyExcept((byte)0));
        memory.Span.Fill(1);
    }

    [Fact]
    public void A_file_that_cannot_be_mapped_is_an_error()
    {
        var (near, far) = NativeSocket.Pair(NativeSocketType.Stream);
        using var first = near;
        using var second = far;
        Assert.Throws<FairleadException>(() => new MappedFile(near, 4096, writable: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MappedFile(near, 0));
        near.Dispose();
        Assert.Throws<ObjectDisposedException>(() => new MappedFile(near, 4096, writable: false));
    }
}
