using System.Net.Sockets;
using System.Text;
using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;
using Fairlead.Registry;
using Fairlead.Time;
using Fairlead.Transports.UnixSocket;

namespace Fairlead.Tests.Transports.UnixSocket;

[SlowRun]
public sealed partial class SocketFileTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();
    private readonly RuntimeDirectory _directory;
    private readonly string _path;

    public SocketFileTests()
    {
        _directory = RuntimeDirectory.At(_temporary["fairlead"]);
        _path = _temporary["calc"];
    }

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void A_free_path_is_bound_for_its_user_alone_and_released()
    {
        using (var file = Bind())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_path));
            Assert.Equal(FileIdentity.At(_path), file.Identity);
            Assert.Equal(Errno.None, Connect(_path));
        }

        Assert.False(Path.Exists(_path));
        Assert.Equal(Errno.ENOENT, Connect(_path));
        using var again = Bind();
    }

    [Fact]
    public void The_requested_mode_is_set_whatever_the_umask()
    {
        using var file = SocketFile.Bind(_path, NativeSocketType.Stream, 16, "unix://" + _path, mode: 0b110_110_110, directory: _directory);

        Assert.Equal((UnixFileMode)0b110_110_110, File.GetUnixFileMode(_path));
    }

    [Theory]
    [InlineData("file", "is a regular file, not a socket")]
    [InlineData("directory", "is a directory, not a socket")]
    [InlineData("link", "is a symbolic link, not a socket")]
    [InlineData("dangling", "is a symbolic link, not a socket")]
    public void A_file_that_is_not_a_socket_is_never_changed(string what, string message)
    {
        File.WriteAllText(_temporary["target"], "mine");
        switch (what)
        {
            case "file":
                File.WriteAllText(_path, "mine");
                break;
            case "directory":
                Directory.CreateDirectory(_path);
                break;
            default:
                File.CreateSymbolicLink(_path, _temporary[what == "link" ? "target" : "nowhere"]);
                break;
        }

        var before = FileIdentity.At(_path);
        var refused = Assert.Throws<FairleadException>(() => Bind());

        Assert.Equal(ErrorCode.AlreadyExists, refused.Code);
        Assert.StartsWith(
            $"unix://{_path} {message}. Fairlead only replaces dead sockets", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, FileIdentity.At(_path));
        Assert.Equal("mine", File.ReadAllText(_temporary["target"]));
        Assert.True(what != "file" || File.ReadAllText(_path) == "mine");
        Assert.False(Path.Exists(_temporary["nowhere"]));
    }

    [Theory]
    [InlineData("Stream")]
    [InlineData("SeqPacket")]
    [InlineData("Datagram")]
    public async Task The_socket_of_a_killed_process_is_taken_over_immediately(string type)
    {
        await using (var peer = await StartHolderAsync(type, publish: true))
        {
            await peer.KillAsync();
        }

        Assert.True(Path.Exists(_path));
        using var file = Bind(Enum.Parse<NativeSocketType>(type));

        Assert.Equal(file.Identity, FileIdentity.At(_path));
        Assert.Empty(EndpointRegistry.Read(_directory).Endpoints);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_bind_waits_for_the_end_of_a_holder_that_was_just_killed(bool publish)
    {
        await using var peer = PeerProcess.Start("socketfile", _directory.Path, _path, "Stream", publish ? "true" : "false", "256");
        Assert.Equal("ready", await peer.ReadLineAsync());

        peer.KillAndGoOn();
        using var file = Bind();

        Assert.Equal(file.Identity, FileIdentity.At(_path));
    }

    /// <summary>The first thread of a killed process often ends before the thread that closes its files.</summary>
    [Fact]
    public async Task A_holder_whose_first_thread_has_ended_is_alive_and_named()
    {
        await using var peer = PeerProcess.Start("headless", _directory.Path, _path);
        Assert.Equal("ready", await peer.ReadLineAsync());
        Assert.True(NativeProcess.IsAlive(peer.Id));

        var refused = Assert.Throws<FairleadException>(() => Bind());

        Assert.Equal(ErrorCode.AlreadyExists, refused.Code);
        Assert.Equal(peer.Id, refused.Peer?.ProcessId);
        Assert.Equal(0, await peer.FinishAsync());
        Assert.False(NativeProcess.IsAlive(peer.Id));
        using var file = Bind();
    }

    [Fact]
    public async Task A_published_holder_is_named_without_being_disturbed()
    {
        await using var peer = await StartHolderAsync("Stream", publish: true);

        var refused = Assert.Throws<FairleadException>(() => Bind());

        Assert.Equal(ErrorCode.AlreadyExists, refused.Code);
        Assert.Equal(peer.Id, refused.Peer?.ProcessId);
        Assert.StartsWith($"unix://{_path} is held by pid {peer.Id} (", refused.Message, StringComparison.Ordinal);
        Assert.Contains("socketfile", refused.Message, StringComparison.Ordinal);
        Assert.Contains("), since ", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, await peer.FinishAsync());
        using var file = Bind();
    }

    [Theory]
    [InlineData("Stream", "Stream")]
    [InlineData("Stream", "SeqPacket")]
    [InlineData("SeqPacket", "Stream")]
    [InlineData("SeqPacket", "Datagram")]
    public async Task The_kernel_names_a_holder_that_is_not_published(string held, string wanted)
    {
        await using var peer = await StartHolderAsync(held, publish: false);

        var refused = Assert.Throws<FairleadException>(() => Bind(Enum.Parse<NativeSocketType>(wanted)));

        Assert.Equal(ErrorCode.AlreadyExists, refused.Code);
        Assert.Equal(peer.Id, refused.Peer?.ProcessId);
        Assert.Contains($"is held by pid {peer.Id} (", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, await peer.FinishAsync());
    }

    [Fact]
    public async Task A_datagram_socket_has_a_holder_even_if_its_process_is_unknown()
    {
        await using var peer = await StartHolderAsync("Datagram", publish: false);

        var refused = Assert.Throws<FairleadException>(() => Bind(NativeSocketType.Stream));

        Assert.Equal(ErrorCode.AlreadyExists, refused.Code);
        Assert.Null(refused.Peer);
    }

    [Fact]
    public void A_holder_with_a_full_backlog_counts_as_living()
    {
        using var file = SocketFile.Bind(_path, NativeSocketType.Stream, backlog: 0, "unix://" + _path, directory: _directory);
        var waiting = new List<Descriptor>();
        Errno error;
        do
        {
            waiting.Add(NativeSocket.Create(AddressFamily.Unix, NativeSocketType.Stream));
            error = SocketFile.Connect(waiting[^1], _path);
        }
        while (error == Errno.None);

        Assert.Equal(Errno.EAGAIN, error);
        Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<FairleadException>(() => Bind()).Code);
        waiting.ForEach(socket => socket.Dispose());
    }

    [RootFact]
    public void The_dead_socket_of_another_user_is_left_alone()
    {
        LeaveStale();
        _temporary.GiveAway("calc");

        var refused = Assert.Throws<FairleadException>(() => Bind());

        Assert.Equal(ErrorCode.PermissionDenied, refused.Code);
        Assert.Equal(
            $"unix://{_path} is an unanswered socket of uid 65534. Ask its owner to remove it, or choose another name.",
            refused.Message);
        Assert.True(Path.Exists(_path));
        File.Delete(_path);
    }

    [RootFact]
    public void The_living_socket_of_another_user_has_a_holder()
    {
        using var file = Bind();
        _temporary.GiveAway("calc");

        Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<FairleadException>(() => Bind()).Code);
    }

    [Fact]
    public void An_entry_for_another_file_of_the_same_name_holds_nothing()
    {
        // The file of a living server was removed; another server took the name, and died.
        using var living = EndpointEntry.Create(PatternKind.Responder, bound: true, $"unix://{_path}", new FileIdentity(1, 1), _directory);
        LeaveStale();

        using var file = Bind();
    }

    [Fact]
    public void A_missing_directory_is_an_error_that_names_it()
    {
        var refused = Assert.Throws<FairleadException>(() =>
            SocketFile.Bind(_temporary["no/calc"], NativeSocketType.Stream, 16, $"unix://{_temporary["no/calc"]}"));

        Assert.Equal(ErrorCode.NotFound, refused.Code);
        Assert.Equal(
            $"unix://{_temporary["no/calc"]}: the directory {_temporary["no"]} does not exist. Create it first, or choose another path.",
            refused.Message);
    }

    [Fact]
    public void A_call_waits_for_the_lock_of_a_directory_no_longer_than_its_timeout()
    {
        using var held = DirectoryLock.TryTake(_temporary.Path, TimeSpan.Zero, out _);
        Assert.NotNull(held);

        Assert.Null(DirectoryLock.TryTake(_temporary.Path, 20.Milliseconds(), out var error));

        Assert.Equal(Errno.None, error);
        held.Dispose();
        using var again = DirectoryLock.TryTake(_temporary.Path, TimeSpan.Zero, out _);
        Assert.NotNull(again);
    }

    [Fact]
    public void The_lock_of_a_directory_is_free_though_a_child_that_is_just_starting_has_the_directory_open()
    {
        Descriptor? ofChild;
        using (var held = DirectoryLock.TryTake(_temporary.Path, TimeSpan.Zero, out _))
        {
            Assert.NotNull(held);
            ofChild = NativeSpawn.Duplicate(held.Directory.Number, 3, out _);
        }

        using (ofChild)
        {
            Assert.NotNull(ofChild);
            using var again = DirectoryLock.TryTake(_temporary.Path, TimeSpan.Zero, out _);
            Assert.NotNull(again);
        }
    }

    [Fact]
    public void A_file_that_replaced_the_socket_is_not_removed()
    {
        var file = Bind();
        File.Delete(_path);
        File.WriteAllText(_path, "mine");

        file.Dispose();

        Assert.Equal("mine", File.ReadAllText(_path));
    }

    [Theory]
    [InlineData(3, 60)]
    [InlineData(2, 86)]
    [InlineData(2, 100)]
    [InlineData(1, 255)]
    public async Task A_path_may_be_longer_than_a_socket_address(int depth, int length)
    {
        var path = _temporary.Path + string.Concat(Enumerable.Repeat("/" + new string('d', 200), depth)) + "/" + new string('n', length);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);

        await using (var peer = PeerProcess.Start("socketfile", _directory.Path, path, "Stream", "false"))
        {
            Assert.Equal("ready", await peer.ReadLineAsync());
            Assert.Equal(Errno.None, Connect(path));
            Assert.Equal(peer.Id, Assert.Throws<FairleadException>(() => BindAt(path)).Peer?.ProcessId);
            await peer.KillAsync();
        }

        using (BindAt(path))
        {
            Assert.Equal(Errno.None, Connect(path));
            Assert.Single(Directory.GetFileSystemEntries(Path.GetDirectoryName(path)!));
        }

        Assert.Equal(Errno.ENOENT, Connect(path));
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(path)!));
    }

    [Theory]
    [InlineData(106)]
    [InlineData(107)]
    [InlineData(108)]
    [InlineData(109)]
    public void Paths_around_the_limit_of_a_socket_address_work(int length)
    {
        var path = _temporary[new string('n', length - _temporary.Path.Length - 1)];
        Assert.Equal(length, Encoding.UTF8.GetByteCount(path));

        using var file = BindAt(path);

        Assert.Equal(Errno.None, Connect(path));
    }

    [Fact]
    public void Exactly_one_of_many_threads_binds_a_stale_name()
    {
        const int Rounds = 300;
        var bound = new SocketFile?[4];
        var codes = new ErrorCode?[bound.Length];
        using var start = new Barrier(bound.Length, _ =>
        {
            Array.Clear(bound);
            Array.Clear(codes);
            LeaveStale();
        });
        using var end = new Barrier(bound.Length, _ =>
        {
            var winner = Assert.Single(bound, file => file is not null)!;
            Assert.Equal(bound.Length - 1, codes.Count(code => code == ErrorCode.AlreadyExists));
            Assert.Equal(winner.Identity, FileIdentity.At(_path));
            Assert.Equal(Errno.None, Connect(_path));
            winner.Dispose();
        });

        InParallel.Run(bound.Length, i =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                start.SignalAndWait();
                try
                {
                    bound[i] = Bind();
                }
                catch (FairleadException refused)
                {
                    codes[i] = refused.Code;
                }

                end.SignalAndWait();
            }
        });
    }

    [Fact]
    public async Task Exactly_one_of_many_processes_binds_a_stale_name()
    {
        LeaveStale();
        var peers = Enumerable
            .Range(0, 4)
            .Select(i => PeerProcess.Start("socketfile", _directory.Path, _path, "Stream", i % 2 == 0 ? "true" : "false"))
            .ToArray();

        var answers = new List<string>();
        foreach (var peer in peers)
        {
            answers.Add(await peer.ReadLineAsync());
        }

        Assert.Equal(
            ["ready", "refused AlreadyExists", "refused AlreadyExists", "refused AlreadyExists"], answers.Order(StringComparer.Ordinal));
        foreach (var peer in peers)
        {
            await peer.DisposeAsync();
        }
    }

    [Fact]
    public void An_abstract_name_has_a_socket_address_too()
    {
        using var name = SocketName.Of("\0fairlead test");

        Assert.Equal(AddressFamily.Unix, name.Address.Family);
        Assert.Equal(2 + 14, name.Address.Size);
    }

    private SocketFile Bind(NativeSocketType type = NativeSocketType.Stream) => BindAt(_path, type);

    private SocketFile BindAt(string path, NativeSocketType type = NativeSocketType.Stream) =>
        SocketFile.Bind(path, type, 16, "unix://" + path, directory: _directory);

    private static Errno Connect(string path, NativeSocketType type = NativeSocketType.Stream)
    {
        using var socket = NativeSocket.Create(AddressFamily.Unix, type);
        return SocketFile.Connect(socket, path);
    }

    private async Task<PeerProcess> StartHolderAsync(string type, bool publish)
    {
        var peer = PeerProcess.Start("socketfile", _directory.Path, _path, type, publish ? "true" : "false");
        Assert.Equal("ready", await peer.ReadLineAsync());
        return peer;
    }

    // Leaves the file of a killed server: bound by Fairlead, and closed without removing it.
    private void LeaveStale()
    {
        Bind().Listener.Dispose();
        OutlastChildren(_path, NativeSocketType.Stream);
    }

    // A child that another test is just starting may have the socket open until its program begins: so long it is not dead.
    private static void OutlastChildren(string path, NativeSocketType type) =>
        Assert.True(SpinWait.SpinUntil(() => Connect(path, type) == Errno.ECONNREFUSED, TimeSpan.FromSeconds(30)));

    // Leaves the file of another program that was killed: bound, once listening, and closed without removing it.
    private static void LeaveForeign(string path, NativeSocketType type)
    {
        BindForeign(path, type, listens: type != NativeSocketType.Datagram).Dispose();
        OutlastChildren(path, type);
    }

    private static Descriptor BindForeign(string path, NativeSocketType type, bool listens)
    {
        var socket = NativeSocket.Create(AddressFamily.Unix, type);
        using var name = SocketName.Of(path);
        Assert.Equal(Errno.None, NativeSocket.Bind(socket, name.Address));
        if (listens)
        {
            Assert.Equal(Errno.None, NativeSocket.Listen(socket, 1));
        }

        return socket;
    }
}
