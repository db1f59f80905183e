using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Fairlead.Conformance;
using Fairlead.Native;
using Fairlead.Native.Waiting;
using Fairlead.Tests.Conformance;
using Fairlead.Time;
using Fairlead.Transports;
using Fairlead.Transports.Tls;
using TcpConnector = Fairlead.Transports.Tcp.TcpConnector;

namespace Fairlead.Tests.Transports.Tls;

/// <summary>Each way in which a TLS connection is refused has its own error, at both ends.</summary>
[SlowRun]
public sealed class TlsRefusalTests(ITestOutputHelper output) : IDisposable
{
    private const string ForServers = "1.3.6.1.5.5.7.3.1";
    private const string ForClients = "1.3.6.1.5.5.7.3.2";

    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(30);

    private readonly TrialCertificates _trusted = new("a trusted authority");
    private readonly TrialCertificates _other = new("another authority");

    public void Dispose()
    {
        _trusted.Dispose();
        _other.Dispose();
    }

    [Theory]
    [InlineData("expired", "the server's certificate (the server) expired at")]
    [InlineData("early", "the server's certificate (the server) is not valid before")]
    [InlineData("elsewhere", "the server's certificate is for elsewhere, and not for localhost")]
    [InlineData("unknown", "by an authority that this side does not trust: CN=another authority")]
    [InlineData("client as server", "the server's certificate (the server) is not made for a server")]
    [InlineData("no client certificate", "the client showed no certificate")]
    [InlineData("unknown client", "(a client) is signed by an authority that this side does not trust: CN=another")]
    [InlineData("expired client", "the client's certificate (a client) expired at")]
    [InlineData("server as client", "the client's certificate (a client) is not made for a client")]
    public async Task A_certificate_that_is_not_accepted_is_named_at_both_ends(string problem, string reason)
    {
        (string certificate, string key) = problem switch
        {
            "expired" => _trusted.Issue("server", "the server", ["localhost"], from: -2, days: 1),
            "early" => _trusted.Issue("server", "the server", ["localhost"], from: 1),
            "elsewhere" => _trusted.Issue("server", "the server", ["elsewhere"]),
            "client as server" => _trusted.Issue("server", "the server", ["localhost"], usage: ForClients),
            "unknown" => _other.Issue("server", "the server", ["localhost"]),
            _ => _trusted.Issue("server", "the server", ["localhost"]),
        };
        (string Certificate, string Key) client = problem switch
        {
            "no client certificate" => ("", ""),
            "unknown client" => _other.Issue("client", "a client", []),
            "expired client" => _trusted.Issue("client", "a client", [], from: -2, days: 1),
            "server as client" => _trusted.Issue("client", "a client", [], usage: ForServers),
            _ => _trusted.Issue("client", "a client", []),
        };
        await using Receiver receiver = await Receiver.BindAsync(
            $"tls://localhost:0?certificate={certificate}&key={key}&authority={_trusted.Authority}");
        using ReasonListener reasons = new($"tls://localhost:{receiver.Address.Port}");
        Address address = $"tls://localhost:{receiver.Address.Port}?authority={_trusted.Authority}";
        Address mine = address.With("certificate", client.Certificate).With("key", client.Key);
        FairleadException refused = await Assert.ThrowsAsync<FairleadException>(
            () => Sender.ConnectAsync(mine).AsTask().WaitAsync(Watchdog));
        Assert.Equal(ErrorCode.PermissionDenied, refused.Code);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Contains(reason, reasons.Next(), StringComparison.Ordinal);

        // The endpoint goes on.
        (certificate, key) = _trusted.Issue("again", "again", []);
        if (problem is "no client certificate" or "unknown client" or "expired client" or "server as client")
        {
            await using Sender sender = await Sender.ConnectAsync(address.With("certificate", certificate).With("key", key));
            await sender.SendAsync("after it");
            using Message message = await receiver.ReceiveAsync(30.Seconds());
            Assert.Equal("again", message.Peer.Certificate?.Name);
        }
    }

    [Theory]
    [InlineData("fairlead")]
    [InlineData("line")]
    public async Task A_client_without_TLS_gets_an_error_at_a_TLS_address(string framing)
    {
        await using Pair pair = await Pair.BindAsync(OfServer($"&framing={framing}"));
        using ReasonListener reasons = new($"tls://localhost:{pair.Address.Port}");
        if (framing == "fairlead")
        {
            FairleadException refused = await Assert.ThrowsAsync<FairleadException>(
                () => Pair.ConnectAsync($"tcp://localhost:{pair.Address.Port}?wait=0").AsTask().WaitAsync(Watchdog));
            Assert.Equal(ErrorCode.Incompatible, refused.Code);
            Assert.Contains("this address speaks TLS", refused.Message, StringComparison.Ordinal);
        }
        else
        {
            using TcpClient plain = new("localhost", pair.Address.Port!.Value);
            plain.GetStream().Write("GET / HTTP/1.1\r\n\r\n"u8);
            Assert.True(await IsClosedAsync(plain).WaitAsync(Watchdog));
        }

        Assert.Contains("this address speaks TLS", reasons.Next(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_TLS_client_gets_an_error_at_an_address_without_TLS()
    {
        await using Receiver receiver = await Receiver.BindAsync("tcp://localhost:0");
        using ReasonListener reasons = new($"tcp://localhost:{receiver.Address.Port}");
        FairleadException refused = await Assert.ThrowsAsync<FairleadException>(() => Sender.ConnectAsync(
            $"tls://localhost:{receiver.Address.Port}?authority={_trusted.Authority}&certificate=&wait=0").AsTask().WaitAsync(Watchdog));
        Assert.Equal(ErrorCode.PeerGone, refused.Code);
        Assert.Contains("ended the connection during the TLS handshake", refused.Message, StringComparison.Ordinal);
        Assert.Contains("It may listen without TLS", refused.Message, StringComparison.Ordinal);
        Assert.Contains("speaks TLS", reasons.Next(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_with_another_protocol_is_reported_as_such()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Task<FairleadException> refusal = Assert.ThrowsAsync<FairleadException>(() => Sender.ConnectAsync(
            $"tls://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}?authority={_trusted.Authority}&certificate=&wait=0").AsTask());
        using TcpClient client = await listener.AcceptTcpClientAsync();
        client.GetStream().Write("SSH-2.0-OpenSSH_9.9\r\n"u8);
        FairleadException refused = await refusal.WaitAsync(Watchdog);
        Assert.Equal(ErrorCode.Incompatible, refused.Code);
        Assert.Contains("the server does not speak TLS", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_without_TLS_1_3_is_refused_with_the_reason()
    {
        await using Receiver receiver = await Receiver.BindAsync(OfServer());
        using ReasonListener reasons = new($"tls://localhost:{receiver.Address.Port}");
        using TcpClient old = new("localhost", receiver.Address.Port!.Value);
        await using SslStream tls = new(old.GetStream());
        await Assert.ThrowsAnyAsync<Exception>(() => tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = SslProtocols.Tls12,
        }).WaitAsync(Watchdog));
        Assert.Contains("the client does not offer TLS 1.3", reasons.Next(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_TLS_1_3_is_refused_with_the_reason()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        (string certificate, string key) = _trusted.Issue("server", "the server", ["127.0.0.1"]);
        Task<FairleadException> refusal = Assert.ThrowsAsync<FairleadException>(() => Sender.ConnectAsync(
            $"tls://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}?authority={_trusted.Authority}&certificate=&wait=0").AsTask());
        using TcpClient client = await listener.AcceptTcpClientAsync();
        await using SslStream tls = new(client.GetStream());
        await Assert.ThrowsAnyAsync<Exception>(() => tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificate = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPemFile(certificate, key),
            EnabledSslProtocols = SslProtocols.Tls12,
        }).WaitAsync(Watchdog));
        FairleadException refused = await refusal.WaitAsync(Watchdog);
        Assert.Equal(ErrorCode.Incompatible, refused.Code);
        Assert.Contains("the server does not offer TLS 1.3", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silent_client_is_disconnected_in_time_and_delays_no_other_client()
    {
        await using Receiver receiver = await Receiver.BindAsync(
            OfServer(), new EndpointOptions { HandshakeTimeout = 1.Seconds() });
        using ReasonListener reasons = new($"tls://localhost:{receiver.Address.Port}");
        List<TcpClient> silent = [];
        for (int i = 0; i < 100; i++)
        {
            silent.Add(new TcpClient("localhost", receiver.Address.Port!.Value));
        }

        await using Sender sender = await Sender.ConnectAsync(
            $"tls://localhost:{receiver.Address.Port}?authority={_trusted.Authority}&certificate=",
            new EndpointOptions { HandshakeTimeout = 60.Seconds() });
        await sender.SendAsync("in between");
        using Message message = await receiver.ReceiveAsync(30.Seconds());
        Assert.Equal("in between", message.Text);
        foreach (TcpClient client in silent)
        {
            Assert.True(await IsClosedAsync(client).WaitAsync(Watchdog));
            Assert.Contains("was not complete within 1 s", reasons.Next(), StringComparison.Ordinal);
            client.Dispose();
        }
    }

    [Fact]
    public async Task Garbage_after_the_first_byte_ends_one_handshake()
    {
        await using Receiver receiver = await Receiver.BindAsync(OfServer());
        using ReasonListener reasons = new($"tls://localhost:{receiver.Address.Port}");
        Random random = RandomSeed.Printed(output);
        for (int i = 0; i < 50; i++)
        {
            using TcpClient client = new("localhost", receiver.Address.Port!.Value);
            byte[] garbage = new byte[200];
            random.NextBytes(garbage);
            garbage[0] = 0x16;
            await client.GetStream().WriteAsync(garbage);
            client.Client.Shutdown(SocketShutdown.Send);
            Assert.True(await IsClosedAsync(client).WaitAsync(Watchdog));
            Assert.NotEmpty(reasons.Next());
        }
    }

    [Fact]
    public async Task A_server_that_closes_before_the_first_byte_reports_PeerGone()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Address address = $"tls://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}?authority={_trusted.Authority}&certificate=";
        (Descriptor socket, IPEndPoint place) = await TcpConnector.ConnectAsync(address, TimeProvider.System, CancellationToken.None);
        using (socket)
        {
            using (Socket server = await listener.AcceptSocketAsync())
            {
                server.LingerState = new LingerOption(enable: true, seconds: 0);
            }

            await ReactorWait.UntilAsync(socket, PollEvents.Read, CancellationToken.None).WaitAsync(Watchdog);
            EndpointSettings settings = EndpointSettings.From(address, null, PatternKind.Sender, BuiltInTransports.Find(address));
            FairleadException gone = await Assert.ThrowsAsync<FairleadException>(() => TlsHandshake.ConnectAsync(
                socket, place, address, TlsIdentity.Load(address), settings, CancellationToken.None).AsTask().WaitAsync(Watchdog));
            Assert.Equal(ErrorCode.PeerGone, gone.Code);
            Assert.Contains("ended the connection during the TLS handshake", gone.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_time_of_a_handshake_includes_the_wait_for_its_first_byte()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        IPEndPoint place = (IPEndPoint)listener.LocalEndpoint;
        (Descriptor socket, _) = await TcpConnector.ConnectAsync(
            $"tcp://127.0.0.1:{place.Port}", TimeProvider.System, CancellationToken.None);
        using (socket)
        {
            using Socket client = await listener.AcceptSocketAsync();
            Address address = OfServer();
            ManualClock clock = new();
            EndpointOptions options = new() { HandshakeTimeout = 5.Seconds(), TimeProvider = clock };
            EndpointSettings settings = EndpointSettings.From(address, options, PatternKind.Receiver, BuiltInTransports.Find(address));
            Task<StreamConnection> handshake = TlsHandshake.AcceptAsync(
                socket, place, address, TlsIdentity.Load(address), settings, CancellationToken.None);
            clock.Advance(4.Seconds());
            await client.SendAsync(new byte[] { 0x16 });
            await Polling.Until(() => socket.Peek(new byte[1]).WouldBlock).WaitAsync(Watchdog);
            clock.Advance(2.Seconds());

            FairleadException late = await Assert.ThrowsAsync<FairleadException>(() => handshake.WaitAsync(Watchdog));
            Assert.Equal(ErrorCode.Timeout, late.Code);
        }
    }

    private Address OfServer(string options = "")
    {
        (string certificate, string key) = _trusted.Issue("server", "the server", ["localhost", "127.0.0.1"]);
        return $"tls://localhost:0?certificate={certificate}&key={key}&authority={options}";
    }

    private static async Task<bool> IsClosedAsync(TcpClient client)
    {
        byte[] rest = new byte[4096];
        try
        {
            while (await client.GetStream().ReadAsync(rest) > 0)
            {
            }
        }
        catch (Exception reset) when (reset is IOException or InvalidOperationException)
        {
            // Reset: closed, too.
        }

        return true;
    }
}
