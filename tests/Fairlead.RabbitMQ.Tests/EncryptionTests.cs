using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fairlead.Transports;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>amqps: a broker whose certificate is verified.</summary>
public sealed class EncryptionTests(ITestOutputHelper output) : IDisposable
{
    /// <summary>The user of a fresh broker, and one of a certificate.</summary>
    private const string Users = """
        {
          "users": [
            { "name": "guest", "password": "guest", "tags": "administrator" },
            { "name": "localhost", "password": "unused, and unknown to clients", "tags": "" }
          ],
          "vhosts": [{ "name": "/" }],
          "permissions": [
            { "user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*" },
            { "user": "localhost", "vhost": "/", "configure": "^mine", "write": "^(mine|amq\\.default)", "read": "^mine" }
          ]
        }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("fairlead-certificates-").FullName;

    [BrokerFact]
    public async Task A_broker_is_trusted_only_by_the_authority_of_the_address_and_for_its_host()
    {
        (string authority, string certificate, string key) = Issue("localhost");
        (string other, _, _) = Issue("elsewhere");
        int port = FreePort();
        string settings = Path.Combine(_folder, "settings");
        await File.WriteAllLinesAsync(
            settings,
            [
                $"listeners.ssl.1 = 127.0.0.1:{port}",
                $"ssl_options.cacertfile = {authority}",
                $"ssl_options.certfile = {certificate}",
                $"ssl_options.keyfile = {key}",
                "ssl_options.verify = verify_none",
            ]);
        using BrokerCluster broker = new(settings: settings);
        await using Receiver receiver = await Receiver.BindAsync($"amqps://localhost:{port}/?name=orders&authority={authority}");
        await using Sender sender = await Sender.ConnectAsync($"amqps://localhost:{port}/?name=orders&authority={authority}");
        await sender.SendAsync("in secret"u8.ToArray());
        using Message message = await receiver.ReceiveAsync(120.Seconds());
        Assert.Equal("in secret", message.Text);
        foreach (string address in new[]
        {
            $"amqps://localhost:{port}/?name=orders&authority={other}",
            $"amqps://localhost:{port}/?name=orders",
            $"amqps://127.0.0.1:{port}/?name=orders&authority={authority}",
        })
        {
            FairleadException untrusted = await Assert.ThrowsAsync<FairleadException>(() => Sender.ConnectAsync(address).AsTask());
            Assert.Equal(ErrorCode.PermissionDenied, untrusted.Code);
        }

        FairleadException missing = await Assert.ThrowsAsync<FairleadException>(
            () => Sender.ConnectAsync($"amqps://localhost:{port}/?name=orders&authority={_folder}/none").AsTask());
        Assert.Equal(ErrorCode.NotFound, missing.Code);
        FairleadException empty = await Assert.ThrowsAsync<FairleadException>(
            () => Sender.ConnectAsync($"amqps://localhost:{port}/?name=orders&authority={settings}").AsTask());
        Assert.Equal(ErrorCode.Corrupt, empty.Code);
    }

    [BrokerFact]
    public async Task A_broker_that_demands_certificates_accepts_only_those_of_its_authority()
    {
        (string authority, string certificate, string key) = Issue("localhost");
        (_, string foreign, string foreignKey) = Issue("elsewhere");
        int port = FreePort();
        string settings = Path.Combine(_folder, "settings");
        string users = Write("users.json", Users);
        await File.WriteAllLinesAsync(
            settings,
            [
                "# plugins: rabbitmq_auth_mechanism_ssl",
                $"load_definitions = {users}",
                "auth_mechanisms.1 = PLAIN",
                "auth_mechanisms.2 = EXTERNAL",
                "ssl_cert_login_from = common_name",
                $"listeners.ssl.1 = 127.0.0.1:{port}",
                $"ssl_options.cacertfile = {authority}",
                $"ssl_options.certfile = {certificate}",
                $"ssl_options.keyfile = {key}",
                "ssl_options.verify = verify_peer",
                "ssl_options.fail_if_no_peer_cert = true",
            ]);
        using BrokerCluster broker = new(settings: settings);
        string place = $"amqps://localhost:{port}/?name=orders&authority={authority}";
        await using Receiver receiver = await Receiver.BindAsync($"{place}&certificate={certificate}&key={key}");
        await using Sender sender = await Sender.ConnectAsync($"{place}&certificate={certificate}&key={key}");
        await sender.SendAsync("in secret"u8.ToArray());
        using Message message = await receiver.ReceiveAsync(120.Seconds());
        Assert.Equal("in secret", message.Text);

        // The user "localhost", the name of the certificate, may use names that begin with "mine", and no others.
        string own = $"amqps://localhost:{port}/?name=mine&authority={authority}&certificate={certificate}&key={key}&login=certificate";
        await using Receiver ownReceiver = await Receiver.BindAsync(own);
        await using Sender ownSender = await Sender.ConnectAsync(own);
        await ownSender.SendAsync("without a password");
        using Message ownMessage = await ownReceiver.ReceiveAsync(120.Seconds());
        Assert.Equal("without a password", ownMessage.Text);
        FairleadException denied = await Assert.ThrowsAsync<FairleadException>(
            () => Sender.ConnectAsync(Address.Parse(own).With("name", "orders")).AsTask());
        output.WriteLine(denied.ToString());
        Assert.Equal(ErrorCode.PermissionDenied, denied.Code);

        FairleadException none = await Assert.ThrowsAsync<FairleadException>(() => Sender.ConnectAsync(place).AsTask());
        output.WriteLine(none.ToString());
        Assert.Equal(ErrorCode.PermissionDenied, none.Code);
        Assert.Contains("may demand a certificate", none.Message, StringComparison.Ordinal);
        FairleadException unknown = await Assert.ThrowsAsync<FairleadException>(
            () => Sender.ConnectAsync($"{place}&certificate={foreign}&key={foreignKey}").AsTask());
        output.WriteLine(unknown.ToString());
        Assert.Equal(ErrorCode.PermissionDenied, unknown.Code);
        Assert.Contains("may not accept the certificate", unknown.Message, StringComparison.Ordinal);

        FairleadException mixed = await Assert.ThrowsAsync<FairleadException>(
            () => Sender.ConnectAsync($"{place}&certificate={certificate}&key={foreignKey}").AsTask());
        Assert.Equal(ErrorCode.Corrupt, mixed.Code);
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        FairleadException open = await Assert.ThrowsAsync<FairleadException>(
            () => Sender.ConnectAsync($"{place}&certificate={certificate}&key={key}").AsTask());
        Assert.Equal(ErrorCode.PermissionDenied, open.Code);
    }

    /// <summary>The settings in docs/deploy, with the places and the limits of a test.</summary>
    [BrokerFact]
    public async Task The_settings_of_the_documentation_start_a_broker()
    {
        (string authority, string certificate, string key) = Issue("localhost");
        int port = FreePort();
        const string Folder = "/etc/rabbitmq/certificates/";
        string[] placed = ["listeners", "vm_memory", "disk_free_limit"];
        string[] lines = await File.ReadAllLinesAsync(Path.Combine(Broker.Root(), "docs", "deploy", "rabbitmq.conf"));
        Assert.Contains("listeners.tcp = none", lines);
        Assert.Contains("listeners.ssl.default = 5671", lines);
        string settings = Path.Combine(_folder, "settings");
        await File.WriteAllLinesAsync(
            settings,
            lines
                .Where(line => !Array.Exists(placed, start => line.StartsWith(start, StringComparison.Ordinal)))
                .Select(line => line
                    .Replace($"{Folder}authority.crt", authority, StringComparison.Ordinal)
                    .Replace($"{Folder}server.crt", certificate, StringComparison.Ordinal)
                    .Replace($"{Folder}server.key", key, StringComparison.Ordinal))
                .Append($"listeners.ssl.default = 127.0.0.1:{port}"));
        using BrokerCluster broker = new(settings: settings);
        string place = $"amqps://localhost:{port}/?name=orders&authority={authority}&durable=true";
        await using Receiver receiver = await Receiver.BindAsync(place);
        await using Sender sender = await Sender.ConnectAsync(place);
        await sender.SendAsync("in secret");
        using Message message = await receiver.ReceiveAsync(120.Seconds());
        Assert.Equal("in secret", message.Text);
        message.Accept();
    }

    [Fact]
    public void Certificate_options_need_an_encrypted_address_and_a_key_needs_a_certificate()
    {
        RabbitMqTransport.Register();
        foreach (string option in new[] { "authority", "certificate", "key" })
        {
            AddressFormatException plain = Assert.Throws<AddressFormatException>(
                () => Sender.Connect($"amqp://127.0.0.1:1/?name=orders&{option}=/x.pem"));
            Assert.Contains($"'{option}'", plain.Message, StringComparison.Ordinal);
        }

        AddressFormatException alone = Assert.Throws<AddressFormatException>(
            () => Sender.Connect("amqps://127.0.0.1:1/?name=orders&key=/x.pem"));
        Assert.Contains("needs a certificate", alone.Message, StringComparison.Ordinal);
    }

    /// <summary>Beside its own certificate a broker sends those between it and the authority.</summary>
    [Fact]
    public void A_server_certificate_of_an_intermediate_authority_is_trusted()
    {
        const string ServersUse = "1.3.6.1.5.5.7.3.1";
        const string ClientsUse = "1.3.6.1.5.5.7.3.2";
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 root = Issue("root", key, null);
        using X509Certificate2 other = Issue("other", key, null);
        using X509Certificate2 between = Issue("between", key, root);
        using X509Certificate2 server = Issue("broker", key, between, ServersUse);
        using X509Certificate2 client = Issue("clerk", key, between, ClientsUse);
        string authority = Write("root", root.ExportCertificatePem());
        string stranger = Write("other", other.ExportCertificatePem());

        Assert.True(IsTrusted(authority, server, [between]));
        Assert.False(IsTrusted(authority, server, []));
        Assert.False(IsTrusted(stranger, server, [between, root]));
        Assert.False(IsTrusted(authority, client, [between]));
        Assert.False(IsTrusted(authority, server, [between], SslPolicyErrors.RemoteCertificateNameMismatch));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>
    /// A port below those that the system chooses by itself, and below those of <c>eng/broker</c>: the broker listens only seconds
    /// after its port was chosen, and until then any program could be given it.
    /// </summary>
    private int FreePort()
    {
        while (true)
        {
            using TcpListener listener = new(IPAddress.Loopback, Random.Shared.Next(10_000, 20_000));
            try
            {
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                output.WriteLine($"another program has this port: {taken.Message}");
            }
        }
    }

    /// <summary>Issues a certificate for a host by an authority that exists for it alone.</summary>
    private (string Authority, string Certificate, string Key) Issue(string host)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using RSA authorityKey = RSA.Create(2048);
        CertificateRequest authorityRequest = new(
            $"CN=authority of {host}", authorityKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 authority = authorityRequest.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new($"CN={host}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.Create(authority, now.AddHours(-1), now.AddHours(12), [1, 2, 3, 4]);
        return (
            Write($"{host}.authority", authority.ExportCertificatePem()),
            Write($"{host}.certificate", certificate.ExportCertificatePem()),
            Write($"{host}.key", key.ExportPkcs8PrivateKeyPem()));
    }

    /// <summary>Issues a certificate for one use, or that of an authority; without an issuer, its own.</summary>
    private static X509Certificate2 Issue(string name, ECDsa key, X509Certificate2? issuer, string? use = null)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(use is null, false, 0, true));
        if (use is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], false));
        }

        return issuer is null
            ? request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1))
            : request.Create(issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(key), now.AddHours(-1), now.AddHours(12), [1, 2, 3]);
    }

    /// <summary>Whether a connection is made to a broker that sends these certificates.</summary>
    private bool IsTrusted(
        string authority,
        X509Certificate2 certificate,
        X509Certificate2[] others,
        SslPolicyErrors errors = SslPolicyErrors.RemoteCertificateChainErrors)
    {
        Address address = $"amqps://localhost/?name=orders&authority={authority}";
        BrokerAddress broker = BrokerAddress.Of(
            address, EndpointSettings.From(address, null, PatternKind.Sender, new AmqpTransport(address.Scheme)));
        using X509Chain sent = new();
        sent.ChainPolicy.ExtraStore.AddRange(others);
        using BrokerCertificates certificates = new(broker, broker.Nodes[0]);
        return certificates.Option.CertificateValidationCallback!(this, certificate, sent, errors);
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }
}
