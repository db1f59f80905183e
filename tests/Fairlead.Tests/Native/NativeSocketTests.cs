using System.Net;
using System.Net.Sockets;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;
using Fairlead.Native.Waiting;

namespace Fairlead.Tests.Native;

public sealed class NativeSocketTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Unix_sockets_bind_connect_and_know_their_peer(bool isAbstract)
    {
        using var directory = new TemporaryDirectory();
        var path = isAbstract ? $"\0fairlead-{Guid.NewGuid()}" : directory["s"];
        var address = new UnixDomainSocketEndPoint(path).Serialize();
        using var listener = Listen(address, NativeSocketType.Stream);

        using var client = NativeSocket.Create(AddressFamily.Unix, NativeSocketType.Stream);
        Assert.Null(NativeSocket.Credentials(client));
        Assert.Null(NativeSocket.PeerName(client));
        Assert.Equal(Errno.None, NativeSocket.Connect(client, address));
        using var server = NativeSocket.Accept(listener, out var error);
        Assert.Equal(Errno.None, error);

        var self = new PeerCredentials(Environment.ProcessId, NativeProcess.UserId, NativeFile.Stat("/proc/self")!.Gid);
        Assert.Equal(self, NativeSocket.Credentials(client));
        Assert.Equal(self, NativeSocket.Credentials(server!));
        Assert.Equal(address, NativeSocket.LocalName(listener));
        Assert.Equal(address, NativeSocket.PeerName(client));
        Assert.Equal(isAbstract, NativeFile.Lstat(directory["s"]) is null);

        Assert.True(client.Write("x"u8).Ok);
        Assert.Equal(1, server!.Read(new byte[8]).Count);
    }

    [Fact]
    public void A_name_is_bound_once()
    {
        using var directory = new TemporaryDirectory();
        var address = new UnixDomainSocketEndPoint(directory["s"]).Serialize();
        using var listener = Listen(address, NativeSocketType.Stream);
        using var second = NativeSocket.Create(AddressFamily.Unix, NativeSocketType.Stream);
        Assert.Equal(Errno.EADDRINUSE, NativeSocket.Bind(second, address));
    }

    [Fact]
    public void A_connect_without_a_listener_returns_the_errno()
    {
        using var directory = new TemporaryDirectory();
        var address = new UnixDomainSocketEndPoint(directory["s"]).Serialize();
        using var client = NativeSocket.Create(AddressFamily.Unix, NativeSocketType.Stream);
        Assert.Equal(Errno.ENOENT, NativeSocket.Connect(client, address));

        Listen(address, NativeSocketType.Stream).Dispose();
        Assert.Equal(Errno.ECONNREFUSED, NativeSocket.Connect(client, address));

        using var packet = NativeSocket.Create(AddressFamily.Unix, NativeSocketType.SeqPacket);
        File.Delete(directory["s"]);
        using var listener = Listen(address, NativeSocketType.Stream);
        Assert.Equal(Errno.EPROTOTYPE, NativeSocket.Connect(packet, address));
    }

    [Fact]
    public void A_full_backlog_is_EAGAIN()
    {
        using var directory = new TemporaryDirectory();
        var address = new UnixDomainSocketEndPoint(directory["s"]).Serialize();
        using var listener = Listen(address, NativeSocketType.Stream, backlog: 0);
        var clients = new List<Descriptor>();
        Errno error;
        do
        {
            clients.Add(NativeSocket.Create(AddressFamily.Unix, NativeSocketType.Stream));
            error = NativeSocket.Connect(clients[^1], address);
        }
        while (error == Errno.None);

        Assert.Equal(Errno.EAGAIN, error);
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public void Accepting_without_a_connection_is_EAGAIN()
    {
        using var listener = Listen(new UnixDomainSocketEndPoint($"\0fairlead-{Guid.NewGuid()}").Serialize(), NativeSocketType.Stream);
        Assert.Null(NativeSocket.Accept(listener, out var error));
        Assert.Equal(Errno.EAGAIN, error);

        listener.Dispose();
        Assert.Null(NativeSocket.Accept(listener, out error));
        Assert.Equal(Errno.EBADF, error);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void Tcp_connects_and_reports_the_addresses_of_both_ends(string host)
    {
        var any = new IPEndPoint(IPAddress.Parse(host), 0);
        using var listener = NativeSocket.Create(any.AddressFamily, NativeSocketType.Stream);
        NativeSocket.SetReuseAddress(listener);
        Assert.Equal(Errno.None, NativeSocket.Bind(listener, any.Serialize()));
        Assert.Equal(Errno.None, NativeSocket.Listen(listener, 16));
        var bound = NativeSocket.LocalName(listener);
        Assert.NotEqual(0, ((IPEndPoint)any.Create(bound)).Port);

        using var client = NativeSocket.Create(any.AddressFamily, NativeSocketType.Stream);
        Assert.True(NativeSocket.Connect(client, bound) is Errno.EINPROGRESS or Errno.None);
        Assert.Equal(PollEvents.Write, BlockingWait.Wait(client, PollEvents.Write, Timeout.InfiniteTimeSpan));
        Assert.Equal(Errno.None, NativeSocket.TakeError(client));
        NativeSocket.SetNoDelay(client);
        NativeSocket.SetKeepAlive(client);
        NativeSocket.SetBuffers(client, 100_000, null);
        NativeSocket.SetBuffers(client, null, 100_000);

        var peer = new SocketAddress(any.AddressFamily, 128);
        BlockingWait.Wait(listener, PollEvents.Read, Timeout.InfiniteTimeSpan);
        using var server = NativeSocket.Accept(listener, out _, peer);
        Assert.Equal(NativeSocket.LocalName(client), NativeSocket.PeerName(server!));

        // As text: a comparison of addresses also compares the bytes of their buffers behind the address.
        Assert.Equal(NativeSocket.LocalName(client).ToString(), peer.ToString());
        Assert.Equal(bound, NativeSocket.PeerName(client));
        Assert.Null(NativeSocket.Credentials(client));
    }

    [Fact]
    public void A_refused_tcp_connect_ends_with_its_error()
    {
        var any = new IPEndPoint(IPAddress.Loopback, 0);

        // Bound, which reserves the port, but not listening.
        using var silent = NativeSocket.Create(any.AddressFamily, NativeSocketType.Stream);
        Assert.Equal(Errno.None, NativeSocket.Bind(silent, any.Serialize()));
        using var client = NativeSocket.Create(any.AddressFamily, NativeSocketType.Stream);

        var error = NativeSocket.Connect(client, NativeSocket.LocalName(silent));
        if (error == Errno.EINPROGRESS)
        {
            BlockingWait.Wait(client, PollEvents.Write, Timeout.InfiniteTimeSpan);
            error = NativeSocket.TakeError(client);
        }

        Assert.Equal(Errno.ECONNREFUSED, error);
        Assert.Equal(Errno.None, NativeSocket.TakeError(client));
    }

    [Fact]
    public void Packets_keep_their_boundaries()
    {
        var (near, far) = NativeSocket.Pair(NativeSocketType.SeqPacket);
        using var first = near;
        using var second = far;
        near.Write("one"u8);
        near.Write("t"u8, "w"u8, "o!"u8);

        var buffer = new byte[16];
        Assert.Equal(3, far.Read(buffer).Count);
        Assert.Equal(4, far.Read(buffer).Count);
    }

    [Fact]
    public void Sockets_are_not_inherited()
    {
        var (near, far) = NativeSocket.Pair(NativeSocketType.Stream);
        using var first = near;
        using var second = far;

        // O_CLOEXEC and O_NONBLOCK in octal, as the kernel writes them.
        var flags = File.ReadLines($"/proc/self/fdinfo/{near.Number}").Single(line => line.StartsWith("flags:", StringComparison.Ordinal));
        Assert.Equal(0x80800, Convert.ToInt32(flags[6..].Trim(), 8) & 0x80800);
    }

    private static Descriptor Listen(SocketAddress address, NativeSocketType type, int backlog = 16)
    {
        var listener = NativeSocket.Create(address.Family, type);
        Assert.Equal(Errno.None, NativeSocket.Bind(listener, address));
        Assert.Equal(Errno.None, NativeSocket.Listen(listener, backlog));
        return listener;
    }
}
