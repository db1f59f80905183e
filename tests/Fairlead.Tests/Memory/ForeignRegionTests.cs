using System.Globalization;
using Fairlead.Memory;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;

namespace Fairlead.Tests.Memory;

/// <summary>Memory of other programs: POSIX segments, files, System V segments. No header.</summary>
public sealed class ForeignRegionTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly string _posix = $"/fairlead-test-{Guid.NewGuid():N}";
    private readonly int _key = Random.Shared.Next(1, int.MaxValue);

    public void Dispose()
    {
        _directory.Dispose();
        SharedRegion.RemovePosix(_posix);
        SharedRegion.RemoveSystemV(_key);
    }

    [Fact]
    public async Task A_POSIX_segment_is_shared_byte_for_byte()
    {
        Assert.Equal(ErrorCode.NotFound, Code(() => SharedRegion.OpenPosix(_posix)));
        using var region = SharedRegion.OpenPosix(_posix, 5000, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Equal((true, 5000L, _posix), (region.IsNew, region.Size, region.Name));
        Assert.Equal(5000, new FileInfo($"/dev/shm{_posix}").Length);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode($"/dev/shm{_posix}"));

        await using var peer = PeerProcess.Start("region", "posix", _posix, "5000");
        await peer.AnswerAsync();
        await peer.AskAsync("add 16 7");

        Assert.Equal(7, region.At<long>(16));
        Assert.Equal(7, File.ReadAllBytes($"/dev/shm{_posix}")[16]);
        Assert.Contains(
            "has 5000 bytes, but 6000 were requested",
            Assert.Throws<FairleadException>(() => SharedRegion.OpenPosix(_posix, 6000)).Message,
            StringComparison.Ordinal);
        Assert.True(SharedRegion.RemovePosix(_posix));
        Assert.False(SharedRegion.RemovePosix(_posix));
        Assert.Equal(ErrorCode.Corrupt, Code(region.Verify));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("counters")]
    [InlineData("/a/b")]
    [InlineData("/..")]
    [InlineData("/a\0")]
    public void POSIX_names_are_checked(string name) => Assert.Throws<ArgumentException>(() => SharedRegion.OpenPosix(name, 4096));

    [Fact]
    public void A_file_is_mapped_as_it_is()
    {
        File.WriteAllText(_directory["text"], "hello, world");
        using (var region = SharedRegion.OpenFile(_directory["text"]))
        {
            Assert.Equal((false, 12L), (region.IsNew, region.Size));
            Assert.Equal("hello"u8, region.Span<byte>(0, 5));
            region.At<byte>(0) = (byte)'H';
        }

        Assert.Equal("Hello, world", File.ReadAllText(_directory["text"]));
        Assert.Equal(ErrorCode.Incompatible, Code(() => SharedRegion.OpenFile(_directory["text"], 13)));
        using var made = SharedRegion.OpenFile(_directory["made"], 100);
        Assert.Equal(new byte[100], File.ReadAllBytes(_directory["made"]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_directory["made"]));
    }

    [Fact]
    public void A_path_that_leads_to_no_regular_file_is_refused()
    {
        Assert.Equal(ErrorCode.AlreadyExists, Code(() => SharedRegion.OpenFile(_directory.Path, 100)));
        Assert.Equal(ErrorCode.AlreadyExists, Code(() => SharedRegion.OpenFile("/dev/zero", 100)));
        Assert.Equal(ErrorCode.NotFound, Code(() => SharedRegion.OpenFile(_directory["absent"])));
        Assert.Equal(ErrorCode.NotFound, Code(() => SharedRegion.OpenFile(_directory["absent/file"], 100)));
        File.CreateSymbolicLink(_directory["link"], _directory["nowhere"]);
        Assert.Equal(ErrorCode.AlreadyExists, Code(() => SharedRegion.OpenFile(_directory["link"], 100)));
        Assert.False(File.Exists(_directory["nowhere"]));

        // A creator that has not set its size yet, or is dead.
        File.WriteAllText(_directory["empty"], "");
        Assert.Equal(ErrorCode.Corrupt, Code(() => SharedRegion.OpenFile(_directory["empty"])));
        using var region = SharedRegion.OpenFile(_directory["empty"], 100);
        Assert.Equal(100, region.Size);
    }

    [Fact]
    public async Task A_System_V_segment_is_shared_by_its_key()
    {
        Assert.Equal(ErrorCode.NotFound, Code(() => SharedRegion.OpenSystemV(_key)));
        using var region = SharedRegion.OpenSystemV(_key, 5000);
        Assert.Equal((true, 5000L, null), (region.IsNew, region.Size, region.Path));
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"the System V segment 0x{_key:x8}"), region.Description);

        await using var peer = PeerProcess.Start("region", "sysv", _key.ToString(CultureInfo.InvariantCulture), "5000");
        await peer.AnswerAsync();
        await peer.AskAsync("add 4992 9");
        await peer.KillAsync();

        Assert.Equal(9, region.At<long>(4992));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.At<long>(5000));
        region.Verify();
        using (var again = SharedRegion.OpenSystemV(_key))
        {
            Assert.Equal((false, 5000L, 9L), (again.IsNew, again.Size, again.At<long>(4992)));
        }

        var smaller = Assert.Throws<FairleadException>(() => SharedRegion.OpenSystemV(_key, 4096));
        Assert.Equal(ErrorCode.Incompatible, smaller.Code);
        Assert.Contains("has 5000 bytes, but 4096 were requested", smaller.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.Incompatible, Code(() => SharedRegion.OpenSystemV(_key, 50_000)));
        Assert.True(SharedRegion.RemoveSystemV(_key));
        Assert.False(SharedRegion.RemoveSystemV(_key));
        Assert.Equal(9, region.At<long>(4992));
        Assert.Equal(ErrorCode.NotFound, Code(() => SharedRegion.OpenSystemV(_key)));
        region.Dispose();
        Assert.Throws<ObjectDisposedException>(() => region.At<long>(0));
    }

    [Fact]
    public async Task FindSystemV_returns_what_the_kernel_knows_about_a_segment()
    {
        Assert.Null(SharedRegion.FindSystemV(_key));

        // The kernel records such times by a clock that lags up to a tick behind the exact one, and so may be in the previous second.
        DateTimeOffset before = DateTimeOffset.FromUnixTimeSeconds(Clock.Nanoseconds() / 1_000_000_000);
        SharedRegion region = SharedRegion.OpenSystemV(_key, 5000, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        SystemVInfo made = SharedRegion.FindSystemV(_key)!;
        Assert.Equal((_key, 5000L, 1L, false), (made.Key, made.Size, made.AttachedCount, made.IsRemoved));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, made.Mode);
        Assert.Equal((Environment.ProcessId, (int?)Environment.ProcessId), (made.CreatorProcessId, made.LastProcessId));
        Assert.Equal((NativeProcess.UserId, NativeProcess.UserId), (made.OwnerUserId, made.CreatorUserId));
        uint group = NativeFile.Stat("/proc/self")!.Gid;
        Assert.Equal((group, group), (made.OwnerGroupId, made.CreatorGroupId));
        Assert.True(made.ChangedAt >= before && made.AttachedAt >= before);
        Assert.Null(made.DetachedAt);

        await using (PeerProcess peer = PeerProcess.Start("region", "sysv", _key.ToString(CultureInfo.InvariantCulture), "5000"))
        {
            await peer.AnswerAsync();
            SystemVInfo shared = SharedRegion.FindSystemV(_key)!;
            Assert.Equal((2L, (int?)peer.Id, Environment.ProcessId), (shared.AttachedCount, shared.LastProcessId, shared.CreatorProcessId));
            await peer.KillAsync();
            SystemVInfo left = SharedRegion.FindSystemV(_key)!;
            Assert.Equal(1L, left.AttachedCount);
            Assert.True(left.DetachedAt >= before);
        }

        // A removed segment has no key, and exists until the last process has detached it.
        Assert.True(SharedRegion.RemoveSystemV(_key));
        Assert.Null(SharedRegion.FindSystemV(_key));
        SystemVInfo removed = Assert.Single(SharedRegion.SystemVSegments(), one => one.Id == made.Id);
        Assert.Equal((0, true, 1L), (removed.Key, removed.IsRemoved, removed.AttachedCount));
        region.Dispose();
        Assert.DoesNotContain(SharedRegion.SystemVSegments(), one => one.Id == made.Id);
        Assert.Throws<ArgumentOutOfRangeException>(static () => SharedRegion.FindSystemV(0));
    }

    [Fact]
    public void IPC_PRIVATE_and_an_excessive_size_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => SharedRegion.OpenSystemV(0, 4096));
        var failure = Assert.Throws<FairleadException>(() => SharedRegion.OpenSystemV(_key, 1L << 60));
        Assert.True(failure.Code is ErrorCode.TooLarge or ErrorCode.Full or ErrorCode.Unavailable, failure.Message);
    }

    private static ErrorCode Code(Action action) => Assert.Throws<FairleadException>(action).Code;

    private static ErrorCode Code(Func<object> action) => Assert.Throws<FairleadException>(action).Code;
}
