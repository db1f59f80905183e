using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fairlead.Conformance;
using Fairlead.Tests.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.Transports.Tls;

/// <summary>Only <c>tls://</c> has identities, renewed certificates, and an end that a third party cannot forge.</summary>
[SlowRun]
public sealed class TlsTests : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(30);

    private readonly TrialCertificates _authority = new("authority");
    private readonly string _certificate;
    private readonly string _key;

    public TlsTests() => (_certificate, _key) = _authority.Issue("server", "the server", ["localhost", "127.0.0.1"]);

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task Each_end_knows_the_verified_identity_of_the_other()
    {
        (string certificate, string key) = _authority.Issue("alice", "alice", ["alice.example", "10.0.0.7"]);
        await using Pair server = await Pair.BindAsync($"{Server()}&authority={_authority.Authority}");
        await using Pair client = await Pair.ConnectAsync($"{Client(server)}&certificate={certificate}&key={key}");
        await client.SendAsync("hello");
        using Message hello = await server.ReceiveAsync(30.Seconds());
        PeerCertificate alice = Assert.IsType<PeerCertificate>(hello.Peer.Certificate);
        Assert.Equal("alice", alice.Name);
        Assert.Equal(["alice.example", "10.0.0.7"], alice.Names);
        Assert.Equal("CN=alice", alice.Subject);
        Assert.Equal("CN=authority", alice.Issuer);
        using var file = X509Certificate2.CreateFromPemFile(certificate, key);
        Assert.Equal(file.GetCertHashString(HashAlgorithmName.SHA256), alice.Fingerprint);
        Assert.Equal(file.NotAfter, alice.ExpiresAt.LocalDateTime);
        Assert.Matches(@"^alice \(127\.0\.0\.1:\d+\)$", hello.Peer.ToString());
        await server.SendAsync("welcome");
        using Message welcome = await client.ReceiveAsync(30.Seconds());
        Assert.Equal("the server", welcome.Peer.Certificate?.Name);
        Assert.Equal("the server", client.Peers[0].Certificate?.Name);
    }

    [Fact]
    public async Task A_client_without_a_certificate_has_no_identity_if_none_is_required()
    {
        (string certificate, string key) = _authority.Issue("alice", "alice", []);
        await using Receiver server = await Receiver.BindAsync($"{Server()}&authority=");
        await using Sender client = await Sender.ConnectAsync($"{Client(server)}&certificate={certificate}&key={key}");
        await client.SendAsync("hello");
        using Message hello = await server.ReceiveAsync(30.Seconds());
        Assert.Null(hello.Peer.Certificate);
    }

    [Fact]
    public async Task The_reported_address_names_no_files_of_the_server()
    {
        await using Receiver server = await Receiver.BindAsync($"{Server()}&authority={_authority.Authority}&messages=10");
        Assert.Equal($"tls://localhost:{server.Address.Port}?messages=10", server.Address.ToString());
    }

    /// <summary>OpenSSL reads the system's authorities where these variables say, when a process first needs them.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_without_an_authority_trusts_the_authorities_of_the_system(bool isInstalled)
    {
        using TrialCertificates stranger = new("stranger");
        await using Receiver server = await Receiver.BindAsync($"{Server()}&authority=");
        Dictionary<string, string?> system = new()
        {
            ["SSL_CERT_FILE"] = isInstalled ? _authority.Authority : stranger.Authority,
            ["SSL_CERT_DIR"] = "/nonexistent",

            // That of other tests, which each tls:// address would have.
            ["FAIRLEAD_TLS_AUTHORITY"] = null,
        };
        await using var client = PeerProcess.Start(system, "sender", "connect", $"tls://localhost:{server.Address.Port}");
        if (isInstalled)
        {
            await client.AnswerAsync();
            await client.AskAsync("send 1 8");
            using Message message = await server.ReceiveAsync(30.Seconds());
            Assert.Equal(8, message.Length);
            return;
        }

        Assert.NotEqual(0, await client.ExitAsync());
        Assert.Contains("signed by an authority that this side does not trust", await client.ErrorsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_expected_server_name_may_differ_from_the_host()
    {
        (string certificate, string key) = _authority.Issue("orders", "orders", ["orders.example"]);
        await using Receiver server = await Receiver.BindAsync($"tls://127.0.0.1:0?certificate={certificate}&key={key}&authority=");
        await using Sender client = await Sender.ConnectAsync($"{Client(server)}&servername=orders.example");
        await client.SendAsync("hello");
        using Message hello = await server.ReceiveAsync(30.Seconds());
        Assert.Equal("hello", hello.Text);
    }

    [Fact]
    public async Task A_renewed_certificate_is_used_without_a_restart_and_a_broken_certificate_changes_nothing()
    {
        await using Receiver server = await Receiver.BindAsync($"{Server()}&authority=");
        using ReasonListener reasons = new($"tls://localhost:{server.Address.Port}");
        Assert.Equal("the server", await NameOfAsync(server));
        _authority.Issue("server", "the renewed server", ["localhost"]);
        await UntilAsync(server, "the renewed server");
        await File.WriteAllTextAsync(_key, "nothing");
        string? reason = null;
        while (reason is null || !reason.Contains("has no key that belongs to the certificate", StringComparison.Ordinal))
        {
            Assert.Equal("the renewed server", await NameOfAsync(server));
            _ = reasons.Heard.TryTake(out reason);
        }

        _authority.Issue("server", "the third server", ["localhost"]);
        await UntilAsync(server, "the third server");
    }

    [Theory]
    [InlineData("certificate=/nowhere/at-all", ErrorCode.Unavailable, "/nowhere/at-all does not exist")]
    [InlineData("certificate=/tmp", ErrorCode.Unavailable, "/tmp is not a regular file")]
    [InlineData("certificate=KEY", ErrorCode.Corrupt, "server.key has no certificate")]
    [InlineData("certificate=PEM", ErrorCode.Corrupt, "server.pem has no key that belongs to the certificate in")]
    [InlineData("certificate=PEM&key=OTHER", ErrorCode.Corrupt, "other.key has no key that belongs to the certificate in")]
    [InlineData("certificate=PEM&key=SECRET", ErrorCode.NotSupported, "is protected by a passphrase")]
    [InlineData("certificate=PEM&key=OPEN", ErrorCode.PermissionDenied, "other users may use the key in")]
    [InlineData("certificate=DAMAGED&key=KEY", ErrorCode.Corrupt, "a certificate in")]
    [InlineData("certificate=LONG&key=KEY", ErrorCode.TooLarge, "is longer than 1 MiB")]
    [InlineData("certificate=PEM&key=KEY&authority=KEY", ErrorCode.Corrupt, "server.key has no certificate")]
    public async Task A_file_that_cannot_be_used_is_named(string options, ErrorCode code, string what)
    {
        string secret = _authority["secret.key"];
        using (var key = ECDsa.Create())
        {
            PbeParameters parameters = new(
                PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 10);
            await File.WriteAllTextAsync(secret, key.ExportEncryptedPkcs8PrivateKeyPem("a passphrase", parameters));
        }

        string open = _authority["open.key"];
        File.Copy(_key, open);
        File.SetUnixFileMode(open, (UnixFileMode)0b110_100_100);
        string damaged = _authority["damaged.pem"];
        await File.WriteAllTextAsync(damaged, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        string longer = _authority["long.pem"];
        await File.WriteAllBytesAsync(longer, new byte[(1024 * 1024) + 1]);
        foreach (string own in new[] { _certificate, secret, damaged, longer })
        {
            File.SetUnixFileMode(own, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        (_, string other) = _authority.Issue("other", "other", []);
        string text = options
            .Replace("PEM", _certificate, StringComparison.Ordinal)
            .Replace("KEY", _key, StringComparison.Ordinal)
            .Replace("OTHER", other, StringComparison.Ordinal)
            .Replace("SECRET", secret, StringComparison.Ordinal)
            .Replace("OPEN", open, StringComparison.Ordinal)
            .Replace("DAMAGED", damaged, StringComparison.Ordinal)
            .Replace("LONG", longer, StringComparison.Ordinal);
        FairleadException bound = Assert.Throws<FairleadException>(() => Receiver.Bind($"tls://localhost:0?{text}"));
        Assert.Equal(code, bound.Code);
        Assert.Contains(what, bound.Message, StringComparison.Ordinal);
        FairleadException connected = await Assert.ThrowsAsync<FairleadException>(
            () => Sender.ConnectAsync($"tls://localhost:1?{text}").AsTask());
        Assert.Equal((code, bound.WhatHappened), (connected.Code, connected.WhatHappened));
    }

    [Theory]
    [InlineData("tls://localhost:0?certificate=", "to listen, tls:// needs a certificate")]
    [InlineData("tls://localhost:0?key=/tmp/key", "option 'key' needs a certificate")]
    [InlineData("tls://localhost:0?certificate=/tmp/pem&servername=x", "option 'servername' is for the end that connects")]
    public void An_address_with_missing_or_contradictory_options_is_refused(string address, string what)
    {
        _ = TrialCertificates.OfRun;
        Assert.Contains(what, Assert.Throws<AddressFormatException>(() => Receiver.Bind(address)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, CloseReason.ClosedByPeer)]
    [InlineData(false, CloseReason.PeerDied)]
    public async Task A_cut_connection_is_distinguished_from_an_orderly_end(bool isOrderly, CloseReason expected)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        Address address = $"tls://127.0.0.1:{port}?authority={_authority.Authority}&certificate=&framing=line";
        Task<Pair> connecting = Pair.ConnectAsync(address).AsTask();
        using TcpClient socket = await listener.AcceptTcpClientAsync();
        await using SslStream tls = new(socket.GetStream());
        using var certificate = X509Certificate2.CreateFromPemFile(_certificate, _key);
        await tls.AuthenticateAsServerAsync(certificate, clientCertificateRequired: false, SslProtocols.Tls13, false);
        await using Pair client = await connecting.WaitAsync(Watchdog);
        await tls.WriteAsync("the last line\n"u8.ToArray());
        if (isOrderly)
        {
            await tls.ShutdownAsync();
        }

        socket.Client.Shutdown(SocketShutdown.Send);
        using Message last = await client.ReceiveAsync(30.Seconds());
        Assert.Equal("the last line", last.Text);
        EndpointEnd end = await client.Completion.WaitAsync(Watchdog);
        Assert.Equal(expected, end.Reason);
    }

    [Fact]
    public async Task Bytes_sent_before_EndSending_arrive()
    {
        await using Pair server = await Pair.BindAsync($"{Server()}&authority=&framing=none");
        await using Pair client = await Pair.ConnectAsync($"{Client(server)}&framing=none");
        byte[] all = new byte[3_000_000];
        Random.Shared.NextBytes(all);
        Task sending = Task.Run(async () =>
        {
            foreach (byte[] part in all.Chunk(100_000))
            {
                await client.SendAsync(part);
            }

            client.EndSending();
        });
        using MemoryStream came = new();
        while (came.Length < all.Length)
        {
            using Message part = await server.ReceiveAsync(30.Seconds());
            came.Write(part.Span);
        }

        await sending.WaitAsync(Watchdog);
        Assert.Equal(all, came.ToArray());
        EndpointEnd end = await client.Completion.WaitAsync(Watchdog);
        Assert.Equal(CloseReason.ClosedByPeer, end.Reason);
    }

    [Fact]
    public async Task EndSending_loses_none_of_the_bytes_received_at_the_same_time()
    {
        // A race of two threads for the state of TLS: one decrypts, the other says that nothing follows.
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var certificate = X509Certificate2.CreateFromPemFile(_certificate, _key);
        byte[] all = new byte[1_000_000];
        Random.Shared.NextBytes(all);
        for (int round = 0; round < 50; round++)
        {
            Task<Pair> connecting = Pair.ConnectAsync(
                $"tls://127.0.0.1:{port}?authority={_authority.Authority}&certificate=&framing=none").AsTask();
            using TcpClient socket = await listener.AcceptTcpClientAsync();
            await using SslStream tls = new(socket.GetStream());
            await tls.AuthenticateAsServerAsync(certificate, clientCertificateRequired: false, SslProtocols.Tls13, false);
            await using Pair client = await connecting.WaitAsync(Watchdog);
            Task writing = Task.Run(() =>
            {
                foreach (byte[] part in all.Chunk(500))
                {
                    tls.Write(part);
                }
            });
            using MemoryStream came = new();
            Task? ending = null;
            while (came.Length < all.Length)
            {
                using Message part = await client.ReceiveAsync(30.Seconds());
                came.Write(part.Span);
                ending ??= Task.Run(client.EndSending);
            }

            await Task.WhenAll(writing, ending!).WaitAsync(Watchdog);
            Assert.Equal(all, came.ToArray());
            Assert.Equal(0, await tls.ReadAsync(new byte[1]).AsTask().WaitAsync(Watchdog));
        }
    }

    [Fact]
    public async Task Bytes_sent_before_the_close_arrive_although_session_tickets_are_unread()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        Task<Sender> connecting = Sender.ConnectAsync(
            $"tls://127.0.0.1:{port}?authority={_authority.Authority}&certificate=&framing=none").AsTask();
        using TcpClient socket = await listener.AcceptTcpClientAsync();
        await using SslStream tls = new(socket.GetStream());
        using var certificate = X509Certificate2.CreateFromPemFile(_certificate, _key);
        await tls.AuthenticateAsServerAsync(certificate, clientCertificateRequired: false, SslProtocols.Tls13, false);
        Sender client = await connecting.WaitAsync(Watchdog);
        byte[] all = new byte[300_000];
        Random.Shared.NextBytes(all);
        foreach (byte[] part in all.Chunk(50_000))
        {
            await client.SendAsync(part);
        }

        Assert.True((await client.CloseAsync(30.Seconds())).IsComplete);
        await tls.WriteAsync("nobody reads this"u8.ToArray());
        using MemoryStream came = new();
        await tls.CopyToAsync(came).WaitAsync(Watchdog);
        Assert.Equal(all, came.ToArray());
    }

    [ToolFact("openssl")]
    public async Task A_program_without_Fairlead_exchanges_lines_over_TLS()
    {
        await using Pair server = await Pair.BindAsync($"{Server()}&authority=&framing=line");
        ProcessStartInfo start = new("openssl")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in new[]
        {
            "s_client", "-quiet", "-verify_return_error", "-CAfile", _authority.Authority, "-verify_hostname", "localhost",
            "-connect", $"localhost:{server.Address.Port}",
        })
        {
            start.ArgumentList.Add(argument);
        }

        using Process client = Process.Start(start)!;
        await client.StandardInput.WriteLineAsync("hello from C");
        await client.StandardInput.FlushAsync();
        using Message hello = await server.ReceiveAsync(30.Seconds());
        Assert.Equal("hello from C", hello.Text);
        await server.SendAsync("hello from .NET");
        Assert.Equal("hello from .NET", await client.StandardOutput.ReadLineAsync().WaitAsync(Watchdog));
        client.Kill();
        await client.WaitForExitAsync().WaitAsync(Watchdog);
    }

    [Fact]
    public async Task Two_ends_that_write_long_messages_at_the_same_time_do_not_block_each_other()
    {
        await using Pair server = await Pair.BindAsync($"{Server()}&authority=");
        await using Pair client = await Pair.ConnectAsync(Client(server));
        byte[] there = new byte[9_000_000];
        byte[] back = new byte[8_000_001];
        Random.Shared.NextBytes(there);
        Random.Shared.NextBytes(back);
        Task[] sending = [client.SendAsync(there).AsTask(), server.SendAsync(back).AsTask()];
        using Message atServer = await server.ReceiveAsync(30.Seconds());
        using Message atClient = await client.ReceiveAsync(30.Seconds());
        await Task.WhenAll(sending).WaitAsync(Watchdog);
        Assert.True(atServer.Span.SequenceEqual(there));
        Assert.True(atClient.Span.SequenceEqual(back));
    }

    private string Server() => $"tls://localhost:0?certificate={_certificate}&key={_key}";

    private string Client(MessagingEndpoint server) =>
        $"{server.Address.WithoutOptions()}?authority={_authority.Authority}";

    private async Task<string> NameOfAsync(Receiver server)
    {
        await using Sender client = await Sender.ConnectAsync($"{Client(server)}&certificate=");
        return client.Peers[0].Certificate!.Name;
    }

    private async Task UntilAsync(Receiver server, string name)
    {
        long start = Stopwatch.GetTimestamp();
        while (await NameOfAsync(server) != name)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Watchdog, "The new certificate is not taken.");
        }
    }
}
