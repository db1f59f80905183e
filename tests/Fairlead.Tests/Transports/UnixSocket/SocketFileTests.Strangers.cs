using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Registry;
using Fairlead.Transports.UnixSocket;

namespace Fairlead.Tests.Transports.UnixSocket;

/// <content>Sockets of other programs.</content>
public sealed partial class SocketFileTests
{
    [Theory]
    [InlineData("unix", "Stream")]
    [InlineData("shm", "Stream")]
    [InlineData("unixpacket", "SeqPacket")]
    [InlineData("unixgram", "Datagram")]
    public void The_dead_socket_of_another_program_is_replaced_only_on_request(string scheme, string type)
    {
        // shm:// takes names alone.
        var name = $"t{Environment.ProcessId}-foreign";
        var path = scheme == "shm" ? RuntimeDirectory.Current().SocketPath(scheme, name) : _path;
        Address address = scheme == "shm" ? $"shm://{name}" : $"{scheme}://{path}";
        LeaveForeign(path, Enum.Parse<NativeSocketType>(type));
        var before = FileIdentity.At(path);

        var refused = Assert.Throws<FairleadException>(() => Receiver.Bind(address));

        Assert.Equal(ErrorCode.AlreadyExists, refused.Code);
        Assert.Equal(
            $"{address} is a socket that Fairlead did not create and that does not answer. "
                + "Choose another name, remove the file, or add ?replace=true to replace it.",
            refused.Message);
        Assert.Equal(before, FileIdentity.At(path));
        Assert.Throws<FairleadException>(() => Receiver.Bind(address.With("replace", "false")));
        Assert.Equal(before, FileIdentity.At(path));
        using (Receiver.Bind(address.With("replace", "true")))
        {
            Assert.Equal(
                ErrorCode.AlreadyExists,
                Assert.Throws<FairleadException>(() => Receiver.Bind(address.With("replace", "true"))).Code);
        }

        Assert.False(Path.Exists(path));
    }

    [Theory]
    [InlineData("Stream")]
    [InlineData("SeqPacket")]
    public void A_socket_that_is_bound_and_does_not_listen_yet_is_not_replaced(string type)
    {
        using var foreign = BindForeign(_path, Enum.Parse<NativeSocketType>(type), listens: false);
        var before = FileIdentity.At(_path);

        var refused = Assert.Throws<FairleadException>(() => Receiver.Bind($"unix://{_path}?replace=true"));

        Assert.Equal(ErrorCode.AlreadyExists, refused.Code);
        Assert.Contains("does not listen yet", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, FileIdentity.At(_path));
        foreign.Dispose();
        using var file = Receiver.Bind($"unix://{_path}?replace=true");
    }

    [Fact]
    public void The_entry_of_a_dead_endpoint_does_not_remove_the_socket_of_another_program()
    {
        LeaveForeign(_path, NativeSocketType.Stream);
        var foreign = FileIdentity.At(_path);
        using (var living = EndpointEntry.Create(PatternKind.Responder, bound: true, $"unix://{_path}", foreign, _directory))
        {
            var found = Assert.Single(EndpointRegistry.Read(_directory).Endpoints);

            Assert.True(DeadSocketFile.TryRemove(found, _directory));
        }

        Assert.Equal(foreign, FileIdentity.At(_path));
    }

    [Fact]
    public void A_socket_of_Fairlead_is_recognized_by_its_file_without_the_registry()
    {
        LeaveStale();
        var status = NativeFile.Lstat(_path)!;
        Assert.True(SocketMark.IsOn(_path, status));

        // A file system without fractions of a second: the mode is the mark.
        File.SetLastWriteTimeUtc(_path, new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.False(SocketMark.IsOn(_path, status));
        Assert.Equal(Errno.None, NativeFile.Chmod(_path, SocketMark.ModeOfNew(0b110_000_000)));
        using var file = Bind();
    }
}
