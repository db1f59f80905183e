using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>amqps: a broker whose certificate is verified.</summary>
public sealed class EncryptionTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fairlead-certificates-").FullName;

    [BrokerFact]
    public async Task A_broker_is_trusted_by_the_authority_of_the_address_and_for_its_host_alone()
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
    public async Task A_broker_that_demands_certificates_takes_those_of_its_authority_and_says_why_no_other()
    {
        (string authority, string certificate, string key) = Issue("localhost");
        (_, string foreign, string foreignKey) = Issue("elsewhere");
        int port = FreePort();
        string settings = Path.Combine(_folder, "settings");
        await File.WriteAllLinesAsync(
            settings,
            [
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
    public void Files_of_certificates_belong_to_an_encrypted_address_and_a_key_to_its_certificate()
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

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }
}
