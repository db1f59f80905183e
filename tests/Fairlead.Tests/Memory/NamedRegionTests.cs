using System.Globalization;
using Fairlead.Diagnostics;
using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Native.Files;
using Fairlead.Registry;

namespace Fairlead.Tests.Memory;

[SlowRun]
public sealed class NamedRegionTests : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private readonly string _name = $"r-{Guid.NewGuid():N}";

    private string FilePath => $"{FairleadDirectory.Runtime}/{NamedRegion.Folder}/{_name}";

    public void Dispose() => File.Delete(FilePath);

    [Fact]
    public void A_named_region_lasts_until_it_is_removed()
    {
        Assert.False(SharedRegion.Exists(_name));
        Assert.Equal(ErrorCode.NotFound, Code(() => SharedRegion.Open(_name)));
        using (var region = SharedRegion.Open(_name, 4096))
        {
            Assert.True(region.IsNew);
            Assert.Equal(_name, region.Name);
            Assert.Equal(FilePath, region.Path);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
            Assert.False(region.Span<byte>(0, 4096).ContainsAnyExcept((byte)0));
            region.At<long>(0) = 3;
        }

        Assert.True(SharedRegion.Exists(_name));
        using var again = SharedRegion.Open(_name);
        Assert.False(again.IsNew);
        Assert.Equal((4096L, 3L), (again.Size, again.At<long>(0)));
        Assert.True(SharedRegion.Remove(_name));
        Assert.False(SharedRegion.Remove(_name));
        Assert.False(SharedRegion.Exists(_name));

        using var other = SharedRegion.Open(_name, 4096);
        Assert.True(other.IsNew);
        Assert.Equal((3L, 0L), (again.At<long>(0), other.At<long>(0)));
    }

    [Fact]
    public void Other_parameters_are_incompatible_and_both_are_named()
    {
        using var region = SharedRegion.Open(_name, 4096);

        var size = Assert.Throws<FairleadException>(() => SharedRegion.Open(_name, 8192));
        Assert.Equal(ErrorCode.Incompatible, size.Code);
        Assert.Contains("has 4096 bytes, but 8192 were requested", size.Message, StringComparison.Ordinal);

        var content = Assert.Throws<FairleadException>(() => SharedCell<long>.Open(_name));
        Assert.Equal(ErrorCode.Incompatible, content.Code);
        Assert.Contains("holds a region, but a cell was requested", content.Message, StringComparison.Ordinal);

        Patch(RegionLayout.VersionAt, 9);
        var version = Assert.Throws<FairleadException>(() => SharedRegion.Open(_name, 4096));
        Assert.Equal(ErrorCode.Incompatible, version.Code);
        Assert.Contains("has layout version 9, but this program uses version 1", version.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_or_overwritten_region_is_corrupt_and_can_be_removed()
    {
        using (var region = SharedRegion.Open(_name, 4096))
        {
            region.Verify();
            Truncate(100);
            Assert.Equal(ErrorCode.Corrupt, Code(region.Verify));
        }

        var cut = Assert.Throws<FairleadException>(() => SharedRegion.Open(_name, 4096));
        Assert.Equal(ErrorCode.Corrupt, cut.Code);
        Assert.Contains("announces 4096 bytes after 64, but the file has 100", cut.Message, StringComparison.Ordinal);
        Truncate(10);
        Assert.Equal(ErrorCode.Corrupt, Code(() => SharedRegion.Open(_name, 4096)));
        Assert.True(SharedRegion.Remove(_name));
        SharedRegion.Open(_name, 4096).Dispose();
        Patch(RegionLayout.ReadyAt, 0);
        Assert.Equal(ErrorCode.Corrupt, Code(() => SharedRegion.Open(_name)));
    }

    [Fact]
    public void A_region_whose_name_was_removed_while_in_use_is_corrupt_for_its_user()
    {
        using var region = SharedRegion.Open(_name, 4096);
        SharedRegion.Remove(_name);
        region.At<long>(0) = 1;
        Assert.Equal(ErrorCode.Corrupt, Code(region.Verify));
        using var other = SharedRegion.Open(_name, 4096);
        Assert.Equal(ErrorCode.Corrupt, Code(region.Verify));
        other.Verify();
    }

    [Fact]
    public void A_file_that_is_not_a_region_is_never_changed()
    {
        SharedRegion.Open(_name, 4096).Dispose();
        File.WriteAllText(FilePath, "somebody's notes");

        Assert.Equal(ErrorCode.AlreadyExists, Code(() => SharedRegion.Open(_name, 4096)));
        Assert.Equal(ErrorCode.AlreadyExists, Code(() => SharedRegion.Remove(_name)));
        Assert.False(SharedRegion.Exists(_name));
        Assert.Equal("somebody's notes", File.ReadAllText(FilePath));

        File.WriteAllText(FilePath, "");
        Assert.Equal(ErrorCode.AlreadyExists, Code(() => SharedRegion.Open(_name, 4096)));
        File.Delete(FilePath);
        Directory.CreateDirectory(FilePath);
        Assert.False(SharedRegion.Exists(_name));
        Assert.Contains(
            "is a directory", Assert.Throws<FairleadException>(() => SharedRegion.Open(_name, 4096)).Message, StringComparison.Ordinal);
        Directory.Delete(FilePath);
        File.CreateSymbolicLink(FilePath, "/dev/null");
        Assert.Contains(
            "is a symbolic link", Assert.Throws<FairleadException>(() => SharedRegion.Remove(_name)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_file_that_a_dead_creator_left_is_removed()
    {
        SharedRegion.Open(_name, 4096).Dispose();
        SharedRegion.Remove(_name);
        File.WriteAllBytes(FilePath + "~", new byte[100]);

        SharedRegion.Open(_name, 4096).Dispose();

        Assert.False(File.Exists(FilePath + "~"));
    }

    [Fact]
    public void A_region_is_created_in_a_temporary_file_if_unnamed_files_are_not_supported()
    {
        SharedRegion.Open(_name, 100).Dispose();
        SharedRegion.Remove(_name);
        Assert.Null(Make(FilePath + "~", 1L << 60));
        Assert.Null(Make(beside: null, 1L << 60));
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(FilePath)!, _name + "*"));

        Assert.Equal(4160, Make(FilePath + "~", 4160));
        Assert.Equal(-1, Make(FilePath + "~", 4160));
        Assert.Equal(-1, Make(beside: null, 4160));
        Assert.Equal([FilePath], Directory.GetFiles(Path.GetDirectoryName(FilePath)!, _name + "*"));
        using (var region = SharedRegion.Open(_name, 4096))
        {
            region.Verify();
            Assert.False(region.IsNew);
        }

        SharedRegion.Remove(_name);
        Assert.Equal(4160, Make(beside: null, 4160));
        SharedRegion.Open(_name, 4096).Dispose();

        // Returns its length; -1: the name is taken; null: no room.
        long? Make(string? beside, long length)
        {
            // Without the lock, a process that creates a region in this folder would take the file for a dead creator's, and remove it.
            using var locked = DirectoryLock.TryTake(Path.GetDirectoryName(FilePath)!, Watchdog, out _);
            Assert.NotNull(locked);
            try
            {
                using var made = RegionFile.TryMakeNamed(
                    FilePath,
                    length,
                    RuntimeDirectory.PrivateFile,
                    "it",
                    file => RegionHeader.Write(file, RegionContent.Bytes, length - RegionLayout.HeaderSize),
                    beside);
                return made is null ? -1 : NativeFile.Fstat(made)!.Size;
            }
            catch (FairleadException)
            {
                return null;
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a~")]
    [InlineData("a b")]
    [InlineData("ä")]
    [InlineData("a\0b")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789x")]
    public void Names_are_checked(string name)
    {
        Assert.Throws<ArgumentException>(() => SharedRegion.Open(name, 4096));
        Assert.Throws<ArgumentException>(() => SharedRegion.Remove(name));
    }

    [Fact]
    public async Task All_processes_that_create_a_region_at_the_same_time_share_it()
    {
        const int Many = 6;
        PeerProcess[] peers = [.. Enumerable.Range(0, Many).Select(_ => PeerProcess.Start("region", "name", _name, "1000000"))];
        try
        {
            foreach (PeerProcess peer in peers)
            {
                Assert.Equal($"1000000 {FilePath}", await peer.AnswerAsync());
                await peer.TellAsync("add 0 1000");
            }

            foreach (PeerProcess peer in peers)
            {
                await peer.AnswerAsync();
            }

            using var region = SharedRegion.Open(_name, 1_000_000);
            Assert.Equal(Many * 1000, region.At<long>(0));
        }
        finally
        {
            Array.ForEach(peers, peer => peer.Dispose());
        }
    }

    [Fact]
    public async Task A_region_is_intact_after_two_processes_that_create_and_remove_it_are_killed_at_any_moment()
    {
        for (int round = 0; round < 6; round++)
        {
            await using var one = PeerProcess.Start("regionchurn", _name, "300000");
            await using var two = PeerProcess.Start("regionchurn", _name, "300000");
            Assert.Equal("ready", await one.ReadLineAsync());
            Assert.Equal("ready", await two.ReadLineAsync());

            // A random moment: the other process runs for as long as a few creations take here.
            for (int i = 0; i < 20 + (round * 30); i++)
            {
                using var ours = SharedRegion.Open(_name, 300_000);
                Assert.Equal(300_000, ours.Size);
            }

            await one.KillAsync();
            await two.KillAsync();
            using (var region = SharedRegion.Open(_name, 300_000))
            {
                region.Verify();
                region.Span<byte>(0, 300_000).Fill(1);
            }

            Assert.True(SharedRegion.Remove(_name));
            Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(FilePath)!, string.Create(CultureInfo.InvariantCulture, $"{_name}*")));
        }
    }

    private static ErrorCode Code(Action action) => Assert.Throws<FairleadException>(action).Code;

    private static ErrorCode Code(Func<object> action) => Assert.Throws<FairleadException>(action).Code;

    private void Patch(int offset, uint value)
    {
        using FileStream file = new(FilePath, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = offset;
        file.Write(BitConverter.GetBytes(value));
    }

    private void Truncate(long length)
    {
        using FileStream file = new(FilePath, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.SetLength(length);
    }
}
