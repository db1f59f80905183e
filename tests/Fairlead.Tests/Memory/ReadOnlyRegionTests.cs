using System.Globalization;
using Fairlead.Memory;

namespace Fairlead.Tests.Memory;

/// <summary>Memory that this process may only read.</summary>
public sealed class ReadOnlyRegionTests : IDisposable
{
    private const UnixFileMode OnlyReadable = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly TemporaryDirectory _directory = new();
    private readonly string _posix = $"/fairlead-test-{Guid.NewGuid():N}";
    private readonly int _key = Random.Shared.Next(1, int.MaxValue);

    private string FilePath => Path.Combine(_directory.Path, "file");

    public void Dispose()
    {
        _directory.Dispose();
        SharedRegion.RemovePosix(_posix);
        SharedRegion.RemoveSystemV(_key);
    }

    [Theory]
    [InlineData("System V")]
    [InlineData("POSIX")]
    [InlineData("file")]
    public void A_read_only_region_shows_what_others_write_and_is_mapped_without_write_permission(string kind)
    {
        using SharedRegion writer = Create(kind, 5000);
        using ReadOnlyRegion reader = Open(kind);
        writer.At<long>(16) = 7;
        writer.Span<byte>(4990, 10).Fill(3);
        Assert.Equal((7L, 5000L), (reader.At<long>(16), reader.Size));
        Assert.Equal(Enumerable.Repeat((byte)3, 10), reader.Span<byte>(4990, 10).ToArray());
        Assert.Equal((writer.Name, writer.Path, writer.Description), (reader.Name, reader.Path, reader.ToString()));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = reader.At<long>(4996));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = reader.Span<byte>(-1, 1).Length);
        Assert.Throws<ArgumentException>(() => _ = reader.At<long>(4));
        reader.Verify();
        Assert.Single(Protections(kind), "r--s");

        reader.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _ = reader.At<long>(16));
        Assert.Throws<ObjectDisposedException>(reader.Verify);
        Assert.DoesNotContain("r--s", Protections(kind));
    }

    [Fact]
    public void A_missing_or_empty_region_is_not_created()
    {
        Assert.Equal(ErrorCode.NotFound, Code(() => ReadOnlyRegion.OpenSystemV(_key)));
        Assert.Equal(ErrorCode.NotFound, Code(() => ReadOnlyRegion.OpenPosix(_posix)));
        Assert.Equal(ErrorCode.NotFound, Code(() => ReadOnlyRegion.OpenFile(FilePath)));
        Assert.Equal(ErrorCode.AlreadyExists, Code(() => ReadOnlyRegion.OpenFile(_directory.Path)));
        File.WriteAllText(FilePath, "");
        Assert.Equal(ErrorCode.Corrupt, Code(() => ReadOnlyRegion.OpenFile(FilePath)));
        Assert.Throws<ArgumentOutOfRangeException>(() => ReadOnlyRegion.OpenSystemV(0));
        Assert.Null(SharedRegion.FindSystemV(_key));
    }

    [OrdinaryUserFact]
    public void Memory_that_this_user_may_only_read_opens_for_reading_and_not_for_writing()
    {
        foreach (string kind in new[] { "System V", "POSIX", "file" })
        {
            Create(kind, 4096, OnlyReadable).Dispose();
            Assert.Equal(ErrorCode.PermissionDenied, Code(() => Reopen(kind)));
            using ReadOnlyRegion reader = Open(kind);
            Assert.Equal(0, reader.At<int>(0));
        }
    }

    private SharedRegion Create(string kind, long size, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        if (kind == "System V" && (mode & UnixFileMode.UserWrite) == 0)
        {
            // The creator itself may not attach it for writing.
            Assert.NotNull(Fairlead.Native.Memory.SystemVSegment.Make(_key, size, (uint)mode, out _));
            return SharedRegion.Create(size);
        }

        return kind switch
        {
            "System V" => SharedRegion.OpenSystemV(_key, size, mode),
            "POSIX" => SharedRegion.OpenPosix(_posix, size, mode),
            _ => SharedRegion.OpenFile(FilePath, size, mode),
        };
    }

    private SharedRegion Reopen(string kind) => kind switch
    {
        "System V" => SharedRegion.OpenSystemV(_key),
        "POSIX" => SharedRegion.OpenPosix(_posix),
        _ => SharedRegion.OpenFile(FilePath),
    };

    private ReadOnlyRegion Open(string kind) => kind switch
    {
        "System V" => ReadOnlyRegion.OpenSystemV(_key),
        "POSIX" => ReadOnlyRegion.OpenPosix(_posix),
        _ => ReadOnlyRegion.OpenFile(FilePath),
    };

    /// <summary>Returns the kernel's words for the mappings of the memory in this process.</summary>
    private IEnumerable<string> Protections(string kind)
    {
        string name = kind switch
        {
            "System V" => $"/SYSV{_key.ToString("x8", CultureInfo.InvariantCulture)}",
            "POSIX" => $"/dev/shm{_posix}",
            _ => FilePath,
        };
        return
        [
            .. File.ReadLines("/proc/self/maps")
                .Where(line => line.Contains(name, StringComparison.Ordinal))
                .Select(static line => line.Split(' ')[1]),
        ];
    }

    private static ErrorCode Code(Action action) => Assert.Throws<FairleadException>(action).Code;
}
