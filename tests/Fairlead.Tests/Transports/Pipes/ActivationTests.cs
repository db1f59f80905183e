using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;
using Fairlead.Processes;
using Fairlead.Time;

namespace Fairlead.Tests.Transports.Pipes;

/// <summary>
/// Sockets that listen before their server runs, passed to it as by a service manager: descriptors from 3 on, and <c>LISTEN_*</c>.
/// </summary>
[SlowRun]
public sealed class ActivationTests : IDisposable
{
    // Only the program that becomes the server knows the process id for the variables: its own.
    private const string Exec = "export LISTEN_PID=$1 LISTEN_FDS=$2 LISTEN_FDNAMES=$3; test $1 || LISTEN_PID=$$; shift 3; exec \"$@\"";

    private static int _places;

    private readonly List<IDisposable> _open = [];

    public void Dispose() => _open.ForEach(static one => one.Dispose());

    [Theory]
    [InlineData("fd://3")]
    [InlineData("fd://orders")]
    public async Task Clients_that_connect_before_the_server_or_its_successor_runs_are_answered(string address)
    {
        (Socket socket, Address place) = ListenAtPath();
        for (int round = 0; round < 2; round++)
        {
            // It waits for the server's part of the handshake, which comes when there is a server.
            Task<Requester> early = Requester.ConnectAsync(place, new() { HandshakeTimeout = 90.Seconds() }).AsTask();
            await using PeerProcess peer = Activate([socket], "orders", ["responder", "bind", address]);
            Assert.Equal(address, await peer.AnswerAsync());
            await peer.AskAsync("echo");
            await using Requester first = await early;
            await using Requester second = await Requester.ConnectAsync(place);
            foreach (Requester requester in new[] { first, second, first })
            {
                using Message reply = await requester.RequestAsync("hello"u8);
                Assert.Equal("hello", reply.Text);
            }

            await peer.KillAsync();
        }
    }

    [Fact]
    public async Task Passed_sockets_are_listed_and_inherited_by_no_child()
    {
        (Socket first, _) = ListenAtPath();
        (Socket second, _) = ListenAtPath();
        await using PeerProcess peer = Activate([first, second], "orders:web.socket", ["activated"]);
        Assert.Equal("fd://3 fd://4", await peer.AnswerAsync());
        Assert.Equal("none none none closed", await peer.AnswerAsync());
    }

    [Fact]
    public async Task Sockets_that_are_meant_for_another_process_are_not_used()
    {
        (Socket socket, _) = ListenAtPath();
        await using PeerProcess peer = Activate([socket], "orders", ["activated"], process: "1");
        Assert.Equal("", await peer.AnswerAsync());
        Assert.StartsWith("none none none", await peer.AnswerAsync(), StringComparison.Ordinal);
        await using PeerProcess other = Activate([socket], "orders", ["responder", "bind", "fd://orders"], process: "1");
        Assert.Contains("got no sockets from a service manager", await WhyAsync(other), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fd://web", "but orders")]
    [InlineData("fd://orders", "Use the number of one: fd://3, fd://4")]
    public async Task An_unknown_or_ambiguous_name_is_refused_with_the_available_sockets(string address, string expected)
    {
        (Socket first, _) = ListenAtPath();
        (Socket second, _) = ListenAtPath();
        await using PeerProcess peer = Activate([first, second], "orders:orders", ["responder", "bind", address]);
        Assert.Contains(expected, await WhyAsync(peer), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SocketType.Stream)]
    [InlineData(SocketType.Seqpacket)]
    public async Task A_hub_and_a_queue_serve_many_clients_on_a_passed_socket(SocketType type)
    {
        (Socket socket, Address place) = ListenAtPath(type);
        await using (Hub hub = await Hub.BindAsync(Offer(socket)))
        {
            await using Pair first = await Pair.ConnectAsync(place);
            await using Pair second = await Pair.ConnectAsync(place);
            Assert.Equal(1, Assert.IsType<HubEvent.Joined>(hub.NextEvent()).Client.Number);
            HubEvent.Joined joined = Assert.IsType<HubEvent.Joined>(hub.NextEvent());
            Assert.Equal((2, Environment.ProcessId), (joined.Client.Number, joined.Client.Peer.ProcessId));
            Assert.Equal(2, await hub.BroadcastAsync("to all"u8.ToArray()));
            foreach (Pair pair in new[] { first, second })
            {
                using Message message = await pair.ReceiveAsync();
                Assert.Equal("to all", message.Text);
            }
        }

        // The manager still has it: the next client is served like the first.
        await using WorkQueue queue = await WorkQueue.BindAsync(Offer(socket));
        Assert.Empty(queue.Peers);
    }

    [Fact]
    public async Task A_passed_port_is_served_with_the_limits_of_a_network()
    {
        Socket socket = Keep(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        await using Receiver receiver = await Receiver.BindAsync(Offer(socket));
        await using Sender sender = await Sender.ConnectAsync($"tcp://127.0.0.1:{((IPEndPoint)socket.LocalEndPoint!).Port}");
        Assert.True((await Delivering(sender, receiver)).IsDelivered);
        Assert.StartsWith("127.0.0.1:", receiver.Peers.Single().RemoteAddress, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.TooLarge, Assert.Throws<FairleadException>(() => sender.Send(new byte[(16 << 20) + 1])).Code);
    }

    [Fact]
    public async Task A_passed_TCP_connection_is_served_with_the_limits_of_a_network()
    {
        Socket socket = Keep(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        Task<Sender> connecting = Sender.ConnectAsync($"tcp://127.0.0.1:{((IPEndPoint)socket.LocalEndPoint!).Port}").AsTask();
        Address place = Offer(Keep(await socket.AcceptAsync()));
        Assert.True(TransportCatalog.CapabilitiesOf(place).HasFlag(TransportCapabilities.CrossHost));
        await using Receiver receiver = await Receiver.BindAsync(place);
        await using Sender sender = await connecting;
        Assert.True((await Delivering(sender, receiver)).IsDelivered);
        Peer peer = receiver.Peers.Single();
        Assert.StartsWith("127.0.0.1:", peer.RemoteAddress, StringComparison.Ordinal);
        Assert.Null(peer.UserId);
        Assert.Equal(10.Seconds(), receiver.Core.Settings.Heartbeat);
        Assert.Equal(ErrorCode.TooLarge, Assert.Throws<FairleadException>(() => sender.Send(new byte[(16 << 20) + 1])).Code);
    }

    [Fact]
    public void A_descriptor_that_cannot_be_served_is_refused()
    {
        (Socket listening, _) = ListenAtPath();
        Assert.Contains(
            "Bind to it instead",
            Assert.Throws<FairleadException>(() => Sender.Connect(Offer(listening))).Message,
            StringComparison.Ordinal);
        Socket datagrams = Keep(new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        Assert.Contains(
            "is not a stream socket",
            Assert.Throws<FairleadException>(() => Receiver.Bind(Offer(datagrams))).Message,
            StringComparison.Ordinal);
        (Socket packets, _) = ListenAtPath(SocketType.Seqpacket);
        Assert.Contains(
            "boundaries",
            Assert.Throws<FairleadException>(() => Pair.Bind(Offer(packets).With("framing", "line"))).Message,
            StringComparison.Ordinal);
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<FairleadException>(() => Receiver.Bind("fd://orders")).Code);
        Assert.Empty(Inherited.Sockets);
    }

    private static async Task<Delivery> Delivering(Sender sender, Receiver receiver)
    {
        Task<Delivery> delivering = sender.DeliverAsync("x"u8.ToArray()).AsTask();
        using (Message message = await receiver.ReceiveAsync())
        {
            message.Accept();
        }

        return await delivering;
    }

    private static async Task<string> WhyAsync(PeerProcess peer)
    {
        Assert.NotEqual(0, await peer.ExitAsync());
        return await peer.ErrorsAsync();
    }

    private static PeerProcess Activate(Socket[] sockets, string names, string[] verb, string process = "") => PeerProcess.StartWith(
        sockets.Index().ToDictionary(static socket => 3 + socket.Index, static socket => (SafeHandle)socket.Item.SafeHandle),
        ["sh", "-c", Exec, "sh", process, sockets.Length.ToString(CultureInfo.InvariantCulture), names],
        verb);

    /// <summary>Duplicates the socket, as if this process had inherited it.</summary>
    private Address Offer(Socket socket)
    {
        Descriptor copy = NativeSpawn.Duplicate((int)socket.Handle, 3, out _)!;
        OfferedDescriptors.Offer(copy, peer: null);
        _open.Add(copy);
        return Address.Parse(string.Create(CultureInfo.InvariantCulture, $"fd://{copy.Number}"));
    }

    private (Socket Socket, Address Place) ListenAtPath(SocketType type = SocketType.Stream)
    {
        string path = string.Create(
            CultureInfo.InvariantCulture, $"{PrivateDirectories.Sockets}/activated-{Interlocked.Increment(ref _places)}");
        Socket socket = Keep(new Socket(AddressFamily.Unix, type, ProtocolType.Unspecified));
        socket.Bind(new UnixDomainSocketEndPoint(path));
        socket.Listen();
        return (socket, $"{(type == SocketType.Stream ? "unix" : "unixpacket")}://{path}");
    }

    private Socket Keep(Socket socket)
    {
        _open.Add(socket);
        return socket;
    }
}
