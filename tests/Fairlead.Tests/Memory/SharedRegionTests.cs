using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.Tests.Memory;

/// <summary>Behaviour that all backings of a region share, tested on memory without a name.</summary>
public sealed class SharedRegionTests
{
    [Fact]
    public void The_header_has_the_documented_layout()
    {
        using var region = SharedRegion.Create(5000);
        byte[] file = File.ReadAllBytes(region.Path!);

        Assert.Equal(5064, file.Length);
        Assert.Equal("FLREGION"u8, file.AsSpan(0, 8));
        Assert.Equal(
            (1u, 64u, 5000L, 1u, 1u),
            (
                BitConverter.ToUInt32(file, 8),
                BitConverter.ToUInt32(file, 12),
                BitConverter.ToInt64(file, 16),
                BitConverter.ToUInt32(file, 24),
                BitConverter.ToUInt32(file, 28)));
        Assert.False(file.AsSpan(32).ContainsAnyExcept((byte)0));
        region.At<byte>(0) = 7;
        Assert.Equal(7, File.ReadAllBytes(region.Path!)[RegionLayout.HeaderSize]);
    }

    [Fact]
    public void Values_are_at_the_requested_offsets()
    {
        using var region = SharedRegion.Create(4096);
        Assert.True(region.IsNew);
        Assert.Equal(4096, region.Size);
        Assert.Null(region.Name);

        region.At<long>(8) = 0x0102030405060708;
        region.Span<int>(4088, 2)[1] = -1;

        Assert.Equal([0x05060708, 0x01020304], region.Span<int>(8, 2).ToArray());
        Assert.Equal(-1, region.At<int>(4092));
        Assert.Equal(4096, region.Span<byte>(0, 4096).Length);
        Assert.True(region.Span<long>(4096, 0).IsEmpty);
    }

    [Fact]
    public void A_value_outside_the_region_or_misaligned_is_refused()
    {
        using var region = SharedRegion.Create(4096);

        Assert.Throws<ArgumentOutOfRangeException>(() => region.At<long>(-8));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.At<long>(4089));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.At<byte>(4096));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.At<byte>(long.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Span<long>(0, 513).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Span<long>(8, int.MaxValue).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Span<long>(0, -1).Length);
        Assert.Throws<ArgumentException>(() => region.At<long>(4));
        Assert.Throws<ArgumentException>(() => region.At<short>(1));
        Assert.Equal(0, region.At<Guid>(4).ToByteArray()[0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => SharedRegion.Create(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => SharedRegion.Create(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SharedRegion.Create(long.MaxValue));
    }

    [Fact]
    public void Unnamed_memory_uses_no_pages_until_it_is_touched()
    {
        using var region = SharedRegion.Create(1L << 36);
        region.At<byte>((1L << 36) - 1) = 1;
        Assert.Equal(1, region.At<byte>((1L << 36) - 1));
    }

    [Fact]
    public void Calls_of_a_disposed_region_throw()
    {
        var region = SharedRegion.Create(4096);
        region.Dispose();
        region.Dispose();

        Assert.Throws<ObjectDisposedException>(() => region.At<long>(0));
        Assert.Throws<ObjectDisposedException>(() => region.Span<long>(0, 1).Length);
        Assert.Throws<ObjectDisposedException>(() => region.Cell<long>(0));
        Assert.Throws<ObjectDisposedException>(region.Verify);
        Assert.Throws<FairleadException>(() => SharedRegion.Attach(region.Path!));
    }

    [Fact]
    public async Task Another_process_counts_in_the_same_memory()
    {
        using var region = SharedRegion.Create(4096);
        await using var one = PeerProcess.Start("region", "attach", region.Path!);
        await using var two = PeerProcess.Start("region", "attach", region.Path!);
        Assert.StartsWith("4096 ", await one.AnswerAsync(), StringComparison.Ordinal);
        Assert.StartsWith("4096 ", await two.AnswerAsync(), StringComparison.Ordinal);

        await one.TellAsync("add 64 100000");
        await two.TellAsync("add 64 100000");
        await one.AnswerAsync();
        await two.AnswerAsync();

        Assert.Equal(200_000, Volatile.Read(ref region.At<long>(64)));
    }

    [Fact]
    public async Task Memory_of_a_killed_process_remains_for_the_processes_that_attached_it()
    {
        await using var maker = PeerProcess.Start("region", "memory", "-", "8192");
        string path = (await maker.AnswerAsync())["8192 ".Length..];
        using var region = SharedRegion.Attach(path);
        await maker.AskAsync("add 0 5");

        await maker.KillAsync();

        Assert.False(region.IsNew);
        Assert.Equal(5, region.At<long>(0));
        region.Verify();
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<FairleadException>(() => SharedRegion.Attach(path)).Code);
    }

    [Fact]
    public void A_region_can_be_attached_by_a_descriptor()
    {
        using var region = SharedRegion.Create(4096);
        using SafeFileHandle descriptor = File.OpenHandle(region.Path!, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        using var other = SharedRegion.Attach(descriptor);
        region.At<int>(0) = 42;

        Assert.Equal(42, other.At<int>(0));
        Assert.False(descriptor.IsClosed);
    }

    [Fact]
    public void Only_sealed_memory_with_a_header_is_attached()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["file"], new byte[8192]);
        Assert.Equal(ErrorCode.Incompatible, Assert.Throws<FairleadException>(() => SharedRegion.Attach(directory["file"])).Code);

        using var region = SharedRegion.Create(4096);
        region.Verify();
        using (FileStream scribble = new(region.Path!, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            scribble.Write("something else!!"u8);
        }

        Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<FairleadException>(() => SharedRegion.Attach(region.Path!)).Code);
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(region.Verify).Code);
    }
}
