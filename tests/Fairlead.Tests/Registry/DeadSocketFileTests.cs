using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Registry;
using Fairlead.Transports.UnixSocket;

namespace Fairlead.Tests.Registry;

public sealed class DeadSocketFileTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();
    private readonly RuntimeDirectory _directory;

    public DeadSocketFileTests() => _directory = RuntimeDirectory.At(_temporary["fairlead"]);

    public void Dispose() => _temporary.Dispose();

    [Theory]
    [InlineData(nameof(NativeSocketType.Stream))]
    [InlineData(nameof(NativeSocketType.SeqPacket))]
    public async Task The_socket_file_of_a_killed_server_is_removed_with_its_entry(string type)
    {
        var path = _temporary["orders"];
        await using var peer = PeerProcess.Start("socketfile", _directory.Path, path, type, "true");
        await peer.ReadLineAsync();
        await peer.KillAsync();
        Assert.True(File.Exists(path));

        Assert.Empty(EndpointRegistry.Read(_directory).Endpoints);

        Assert.False(Path.Exists(path));
        Assert.Empty(Directory.GetFiles(_temporary["fairlead/endpoints"]));
        Assert.Empty(Directory.GetFiles(_temporary["fairlead/participants"]));
    }

    [Fact]
    public void A_server_that_answers_is_left_alone_even_if_the_entry_names_its_file()
    {
        var path = _temporary["orders"];
        using var live = SocketFile.Bind(path, NativeSocketType.Stream, 16, "unix://" + path, directory: _directory);

        Assert.False(DeadSocketFile.TryRemove(Dead(path, live.Identity), _directory));

        Assert.True(File.Exists(path));
    }

    [Fact]
    public void Another_file_at_the_path_is_left_alone()
    {
        var path = _temporary["orders"];
        File.WriteAllText(path, "mine");

        Assert.True(DeadSocketFile.TryRemove(Dead(path, FileIdentity.At(path)), _directory));
        Assert.True(DeadSocketFile.TryRemove(Dead(path, new FileIdentity(1, 2)), _directory));

        Assert.Equal("mine", File.ReadAllText(path));
    }

    [Fact]
    public async Task The_socket_file_stays_while_another_process_holds_the_directory_lock()
    {
        var path = _temporary["orders"];
        await using var peer = PeerProcess.Start("socketfile", _directory.Path, path, nameof(NativeSocketType.Stream), "true");
        await peer.ReadLineAsync();
        await peer.KillAsync();
        using (DirectoryLock.TryTake(_temporary.Path, TimeSpan.Zero, out _))
        {
            Assert.Empty(EndpointRegistry.Read(_directory).Endpoints);
            Assert.True(File.Exists(path));
        }

        // The entry was kept: the next reader removes both.
        Assert.Empty(EndpointRegistry.Read(_directory).Endpoints);
        Assert.False(Path.Exists(path));
    }

    [Fact]
    public async Task A_reader_that_cannot_open_more_files_leaves_the_removal_to_the_next_reader()
    {
        var path = _temporary["orders"];
        await using var peer = PeerProcess.Start("socketfile", _directory.Path, path, nameof(NativeSocketType.Stream), "true");
        await peer.ReadLineAsync();
        await peer.KillAsync();
        await using var cleaner = PeerProcess.StartBy("prlimit --nofile=256:256", "cleaner", _directory.Path);

        Assert.Equal("False True", await cleaner.AnswerAsync());

        Assert.True(File.Exists(path));
        Assert.Single(Directory.GetFiles(_temporary["fairlead/endpoints"]));
        Assert.Empty(EndpointRegistry.Read(_directory).Endpoints);
        Assert.False(Path.Exists(path));
        Assert.Empty(Directory.GetFiles(_temporary["fairlead/endpoints"]));
    }

    private static EndpointInfo Dead(string path, FileIdentity socket) => new()
    {
        Address = "unix://" + path,
        Kind = "receiver",
        IsBound = true,
        ProcessId = 1,
        Program = "gone",
        Since = DateTimeOffset.UnixEpoch,
        Socket = socket,
    };
}
