using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;

namespace Fairlead.Tests.Native;

public sealed class NativeFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_file_is_created_once_with_its_mode()
    {
        var path = _directory["f"];
        using (var file = NativeFile.Open(path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive, 0x180, out var error))
        {
            Assert.Equal(Errno.None, error);
            Assert.True(file!.Write("abc"u8).Ok);
            Assert.Equal(NativeFile.Stat(path), NativeFile.Fstat(file));
        }

        var status = NativeFile.Stat(path)!;
        Assert.Equal(FileKind.Regular, status.Kind);
        Assert.Equal(0x180u, status.Mode);
        Assert.Equal(3, status.Size);
        Assert.Equal(1u, status.LinkCount);
        Assert.Equal(NativeProcess.UserId, status.Uid);

        Assert.Null(NativeFile.Open(path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive, 0x180, out var again));
        Assert.Equal(Errno.EEXIST, again);
    }

    [Fact]
    public void A_missing_file_is_null_with_a_reason()
    {
        Assert.Null(NativeFile.Stat(_directory["none"], out var error));
        Assert.Equal(Errno.ENOENT, error);
        Assert.Null(NativeFile.Lstat(_directory["none"]));
        Assert.Null(NativeFile.Open(_directory["none"], OpenFlags.ReadOnly, out error));
        Assert.Equal(Errno.ENOENT, error);
        Assert.Equal(Errno.ENOENT, NativeFile.Unlink(_directory["none"]));
        Assert.Equal(Errno.ENOENT, NativeFile.Rename(_directory["none"], _directory["n"]));
        Assert.Equal(Errno.ENOENT, NativeFile.Chmod(_directory["none"], 0));
    }

    [Fact]
    public void Links_are_followed_by_stat_and_not_by_lstat()
    {
        File.WriteAllText(_directory["f"], "x");
        File.CreateSymbolicLink(_directory["link"], "f");

        Assert.Equal(FileKind.Symlink, NativeFile.Lstat(_directory["link"])!.Kind);
        Assert.True(NativeFile.Stat(_directory["link"])!.IsSameFile(NativeFile.Stat(_directory["f"])!));
        Assert.Null(NativeFile.Open(_directory["link"], OpenFlags.ReadOnly | OpenFlags.NoFollow, out var error));
        Assert.Equal(Errno.ELOOP, error);
    }

    [Fact]
    public void Directories_are_created_opened_and_searched()
    {
        var path = _directory["d"];
        Assert.Equal(Errno.None, NativeFile.Mkdir(path, 0x1c0));
        Assert.Equal(Errno.EEXIST, NativeFile.Mkdir(path, 0x1c0));
        Assert.Equal(FileKind.Directory, NativeFile.Stat(path)!.Kind);
        Assert.Equal(0x1c0u, NativeFile.Stat(path)!.Mode);

        using var directory = NativeFile.Open(path, OpenFlags.Directory | OpenFlags.Path, out _);
        using var file = NativeFile.OpenAt(directory!, "f", OpenFlags.WriteOnly | OpenFlags.Create, 0x180, out _);
        Assert.NotNull(NativeFile.Stat(Path.Combine(path, "f")));

        // A file whose path is too long is named by its descriptor.
        Assert.NotNull(NativeFile.Stat($"/proc/self/fd/{directory!.Number}/f"));
        Assert.Null(NativeFile.Open(Path.Combine(path, "f"), OpenFlags.Directory, out var error));
        Assert.Equal(Errno.ENOTDIR, error);
    }

    [Fact]
    public void Stat_distinguishes_the_kinds_of_files()
    {
        using var listener = NativeSocket.Create(System.Net.Sockets.AddressFamily.Unix, NativeSocketType.Stream);
        NativeSocket.Bind(listener, new System.Net.Sockets.UnixDomainSocketEndPoint(_directory["s"]).Serialize());

        Assert.Equal(FileKind.Socket, NativeFile.Stat(_directory["s"])!.Kind);
        Assert.Equal(FileKind.Other, NativeFile.Stat("/dev/null")!.Kind);
    }

    [Fact]
    public void Renaming_replaces_and_unlinking_removes()
    {
        File.WriteAllText(_directory["a"], "a");
        File.WriteAllText(_directory["b"], "b");
        using var old = NativeFile.Open(_directory["b"], OpenFlags.ReadOnly, out _);

        Assert.Equal(Errno.None, NativeFile.Rename(_directory["a"], _directory["b"]));
        Assert.Equal("a", File.ReadAllText(_directory["b"]));
        Assert.Equal(0u, NativeFile.Fstat(old!)!.LinkCount);
        Assert.False(NativeFile.Fstat(old!)!.IsSameFile(NativeFile.Stat(_directory["b"])!));

        Assert.Equal(Errno.None, NativeFile.Unlink(_directory["b"]));
        Assert.Null(NativeFile.Lstat(_directory["b"]));
    }

    [Fact]
    public void Modes_are_set_past_the_umask()
    {
        using var file = NativeFile.Open(_directory["f"], OpenFlags.WriteOnly | OpenFlags.Create, out _);
        Assert.Equal(Errno.None, NativeFile.Fchmod(file!, 0x1b6));
        Assert.Equal(0x1b6u, NativeFile.Fstat(file!)!.Mode);
        Assert.Equal(Errno.None, NativeFile.Chmod(_directory["f"], 0x180));
        Assert.Equal(0x180u, NativeFile.Fstat(file!)!.Mode);
    }

    [Fact]
    public void A_name_with_a_nul_is_refused_and_not_cut()
    {
        File.WriteAllText(_directory["f"], "x");
        var path = _directory["f\0tail"];

        Assert.Equal(Errno.EINVAL, NativeFile.Unlink(path));
        Assert.Equal(Errno.EINVAL, NativeFile.Rename(path, _directory["g"]));
        Assert.Equal(Errno.EINVAL, NativeFile.Mkdir(path, 0));
        Assert.Equal(Errno.EINVAL, NativeFile.Chmod(path, 0));
        Assert.Null(NativeFile.Stat(path, out var error));
        Assert.Equal(Errno.EINVAL, error);
        Assert.Null(NativeFile.Open(path, OpenFlags.ReadOnly, out error));
        Assert.Equal(Errno.EINVAL, error);
        Assert.True(File.Exists(_directory["f"]));
    }

    [Fact]
    public void A_directory_is_locked_by_one_open_file_at_a_time()
    {
        using var first = NativeFile.Open(_directory.Path, OpenFlags.Directory, out _)!;
        using var second = NativeFile.Open(_directory.Path, OpenFlags.Directory, out _)!;

        Assert.True(NativeFile.TryFlock(first));
        Assert.True(NativeFile.TryFlock(first));
        Assert.False(NativeFile.TryFlock(second));
        first.Dispose();
        Assert.True(NativeFile.TryFlock(second));
        Assert.Throws<FairleadException>(() => NativeFile.TryFlock(first));
    }

    [Fact]
    public void Lengths_are_set()
    {
        using var file = NativeFile.Open(_directory["f"], OpenFlags.ReadWrite | OpenFlags.Create, out _)!;
        Assert.Equal(Errno.None, NativeFile.SetLength(file, 10_000));
        Assert.Equal(10_000, NativeFile.Fstat(file)!.Size);
        using var truncated = NativeFile.Open(_directory["f"], OpenFlags.WriteOnly | OpenFlags.Truncate, out _)!;
        Assert.Equal(0, NativeFile.Fstat(file)!.Size);
    }

    [Fact]
    public void Appending_writes_at_the_end_and_unnamed_files_have_no_name()
    {
        File.WriteAllText(_directory["f"], "abc");
        using (var file = NativeFile.Open(_directory["f"], OpenFlags.WriteOnly | OpenFlags.Append, out _)!)
        {
            file.Write("d"u8);
        }

        Assert.Equal("abcd", File.ReadAllText(_directory["f"]));

        using var unnamed = NativeFile.Open("/dev/shm", OpenFlags.ReadWrite | OpenFlags.Unnamed, out _)!;
        Assert.Equal(0u, NativeFile.Fstat(unnamed)!.LinkCount);
    }
}
