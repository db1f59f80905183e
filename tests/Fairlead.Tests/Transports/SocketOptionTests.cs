using System.Net;
using System.Net.Sockets;
using Fairlead.Conformance;
using Fairlead.Native;
using Fairlead.Native.Sockets;
using Fairlead.Tests.Conformance;
using Fairlead.Time;
using Fairlead.Transports;
using Fairlead.Transports.Tcp;
using Fairlead.Transports.UnixSocket;
using TcpListener = System.Net.Sockets.TcpListener;

namespace Fairlead.Tests.Transports;

/// <summary>Options of sockets, and this end's address.</summary>
public sealed class SocketOptionTests : WatchedTest
{
    // Of struct tcp_info, for a listening socket: the length of its queue.
    private const int TcpProtocol = 6;
    private const int TcpInfo = 11;
    private const int TcpQueueLength = 28;

    private readonly TemporaryDirectory _folder;

    public SocketOptionTests(ITestOutputHelper output)
        : base(output) => _folder = Track(new TemporaryDirectory());

    [Theory]
    [InlineData("", 4096)]
    [InlineData("?backlog=7", 7)]
    [InlineData("?backlog=1", 1)]
    public void A_port_listens_with_the_backlog_of_its_address(string option, int length)
    {
        using SocketListener listener = SocketListener.Bind($"tcp://127.0.0.1:0{option}");
        using Socket socket = new(new SafeSocketHandle(listener.Handle.DangerousGetHandle(), ownsHandle: false));
        byte[] info = new byte[TcpQueueLength + sizeof(int)];
        socket.GetRawSocketOption(TcpProtocol, TcpInfo, info);
        Assert.Equal(Math.Min(length, MostInKernel()), BitConverter.ToInt32(info, TcpQueueLength));
        Assert.EndsWith(option, listener.Address.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unix")]
    [InlineData("unixpacket")]
    [InlineData("unix", true)]
    public void A_Unix_socket_whose_backlog_is_full_admits_no_further_client(string scheme, bool isAbstract = false)
    {
        string place = isAbstract ? $"@{Guid.NewGuid():N}" : Path.Combine(_folder.Path, "socket");
        Address address = $"{scheme}://{place}?backlog=2";
        ITransport transport = BuiltInTransports.Find(address);
        EndpointSettings settings = EndpointSettings.From(address, null, PatternKind.Pair, transport);
        using IListener listener = transport.Bind(address, settings);
        NativeSocketType type = scheme == "unix" ? NativeSocketType.Stream : NativeSocketType.SeqPacket;
        List<Descriptor> clients = [];
        try
        {
            // The kernel admits one more than its backlog.
            Assert.All(Enumerable.Range(0, 3), _ => Assert.Equal(Errno.None, Connect()));
            Assert.Equal(Errno.EAGAIN, Connect());
            listener.TryAccept()!.Dispose();
            Assert.Equal(Errno.None, Connect());
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
        }

        Errno Connect()
        {
            using SocketName name = UnixEndpoint.NameOf(address)!;
            clients.Add(NativeSocket.Create(AddressFamily.Unix, type));
            return NativeSocket.Connect(clients[^1], name.Address);
        }
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:0?backlog=0", "write a whole number from 1 to 65535")]
    [InlineData("unix://name?backlog=65536", "write a whole number from 1 to 65535")]
    [InlineData("unix://@name?backlog=many", "write a whole number from 1 to 65535")]
    [InlineData("tcp://127.0.0.1:0?linger=infinite", "must be finite")]
    [InlineData("tcp://127.0.0.1:0?linger=25h", "the longest time is one day")]
    [InlineData("udp://127.0.0.1:0?backlog=1", "unknown option 'backlog'")]
    [InlineData("unix://name?linger=0", "unknown option 'linger'")]
    public void A_value_that_does_not_fit_is_refused(string address, string text)
    {
        AddressFormatException error = Assert.Throws<AddressFormatException>(() => Receiver.Bind(address));
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?framing=none", false)]
    [InlineData("?framing=none&linger=0", true)]
    public async Task A_connection_that_does_not_linger_is_reset_by_its_close(string options, bool isReset)
    {
        await using Pair bound = await Pair.BindAsync($"tcp://127.0.0.1:0{options}");
        using Socket peer = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(IPAddress.Loopback, bound.Address.Port!.Value);
        await AssertEndAsync(bound, peer, isReset);

        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        await using Pair connected = await Pair.ConnectAsync($"tcp://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}{options}");
        using Socket accepted = await listener.AcceptSocketAsync();
        await AssertEndAsync(connected, accepted, isReset);
    }

    /// <summary>The peer does not read, so its kernel does not acknowledge what this end has sent.</summary>
    [Fact]
    public async Task A_close_lingers_for_the_time_in_the_address()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        string address = $"tcp://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        (Descriptor Mine, Socket Peer) shortly = await UnreadAsync(address, listener);
        (Descriptor Mine, Socket Peer) longer = await UnreadAsync(address, listener);
        LingeringClose.Close(longer.Mine, default, LingeringClose.TimeOf($"{address}?linger=1h"));
        LingeringClose.Close(shortly.Mine, default, LingeringClose.TimeOf($"{address}?linger=20ms"));
        await Until(() => shortly.Mine.IsClosed, "the short time is over");
        Assert.False(longer.Mine.IsClosed);
        longer.Peer.Dispose();
        await Until(() => longer.Mine.IsClosed, "the peer has gone");
        shortly.Peer.Dispose();
        Assert.Equal(5.Seconds(), LingeringClose.TimeOf(address));
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:0")]
    [InlineData("udp://127.0.0.1:0?reliable=true")]
    [InlineData("udp://127.0.0.1:0")]
    public async Task Each_end_knows_its_own_address_and_that_of_the_other(string address)
    {
        await using Pair bound = await Pair.BindAsync(address);
        await using Pair connected = await Pair.ConnectAsync(bound.Address);
        await connected.SendAsync("hello");
        using Message hello = await bound.ReceiveAsync(30.Seconds());
        Assert.Equal($"127.0.0.1:{bound.Address.Port}", hello.Peer.LocalAddress);
        await bound.SendAsync("hello");
        using Message back = await connected.ReceiveAsync(30.Seconds());
        Assert.Equal(hello.Peer.LocalAddress, back.Peer.RemoteAddress);
        Assert.Equal(hello.Peer.RemoteAddress, back.Peer.LocalAddress);
    }

    [Fact]
    public async Task Each_end_of_TLS_knows_its_own_address()
    {
        using TrialCertificates authority = new("authority");
        (string certificate, string key) = authority.Issue("server", "server", ["127.0.0.1"]);
        await using Pair bound = await Pair.BindAsync(
            $"tls://127.0.0.1:0?certificate={certificate}&key={key}&authority=&backlog=5&linger=1s");
        await using Pair connected = await Pair.ConnectAsync(
            $"tls://127.0.0.1:{bound.Address.Port}?authority={authority.Authority}&linger=1s");
        await connected.SendAsync("hello");
        using Message hello = await bound.ReceiveAsync(30.Seconds());
        Assert.Equal($"127.0.0.1:{bound.Address.Port}", hello.Peer.LocalAddress);
        Assert.Equal(hello.Peer.RemoteAddress, connected.Peers[0].LocalAddress);
    }

    [Theory]
    [InlineData("unix")]
    [InlineData("unixpacket")]
    public async Task The_bound_end_of_a_Unix_socket_knows_its_path(string scheme)
    {
        string path = Path.Combine(_folder.Path, "socket");
        await using Pair bound = await Pair.BindAsync($"{scheme}://{path}");
        await using Pair connected = await Pair.ConnectAsync(bound.Address);
        await connected.SendAsync("hello");
        using Message hello = await bound.ReceiveAsync(30.Seconds());
        Assert.Equal(path, hello.Peer.LocalAddress);
        Assert.Null(connected.Peers[0].LocalAddress);
    }

    private static int MostInKernel() => int.Parse(
        File.ReadAllText("/proc/sys/net/core/somaxconn"), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Closes an end whose peer has read everything, and checks what the peer sees.</summary>
    private static async Task AssertEndAsync(Pair pair, Socket peer, bool isReset)
    {
        byte[] bytes = new byte[1];
        await peer.SendAsync(bytes);
        using (await pair.ReceiveAsync(30.Seconds()))
        {
            await pair.SendAsync(bytes);
            Assert.Equal(1, await peer.ReceiveAsync(bytes));
        }

        await pair.CloseAsync(30.Seconds());
        if (isReset)
        {
            SocketException error = await Assert.ThrowsAsync<SocketException>(() => peer.ReceiveAsync(bytes));
            Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
        }
        else
        {
            Assert.Equal(0, await peer.ReceiveAsync(bytes));
        }
    }

    private static async Task<(Descriptor Mine, Socket Peer)> UnreadAsync(string address, TcpListener listener)
    {
        Descriptor mine = (await TcpConnector.ConnectAsync(address, TimeProvider.System, CancellationToken.None)).Socket;
        Socket peer = await listener.AcceptSocketAsync();
        while (!mine.Write(new byte[65_536]).WouldBlock)
        {
            // Both kernels' buffers fill up.
        }

        return (mine, peer);
    }
}
