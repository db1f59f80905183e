using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fairlead.Bench.Contenders;

/// <summary>Where a TCP or TLS contender listens: a port that the system chooses. TLS has a certificate for the run alone.</summary>
internal static class TlsPlace
{
    /// <summary>The address to bind. For <c>tls</c>, makes the certificate, too.</summary>
    public static Address ToBind(Session session, string scheme, string options = "")
    {
        if (scheme == "tcp")
        {
            return $"tcp://127.0.0.1:0{options}";
        }

        if (scheme != "tls")
        {
            return session.AddressOf(scheme, options);
        }

        Make(session);
        return $"tls://127.0.0.1:0?certificate={CertificateOf(session)}&key={KeyOf(session)}{options}";
    }

    /// <summary>Writes down where it listens, for the other process.</summary>
    public static void Publish(Session session, string scheme, int? port)
    {
        if (scheme is "tls" or "tcp")
        {
            File.WriteAllText(PortOf(session), $"{port}");
        }
    }

    /// <summary>The address to connect to.</summary>
    public static Address ToReach(Session session, string scheme, string options = "") =>
        scheme == "tcp"
            ? $"tcp://127.0.0.1:{File.ReadAllText(PortOf(session))}{options}"
            : scheme == "tls" ? $"tls://127.0.0.1:{File.ReadAllText(PortOf(session))}?authority={CertificateOf(session)}{options}"
            : session.AddressOf(scheme, options);

    /// <summary>Returns the bare TLS connection of the first client; the caller disposes it.</summary>
    public static SslStream AcceptOne(Session session, Action listening)
    {
        Make(session);
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Publish(session, "tls", ((IPEndPoint)listener.LocalEndpoint).Port);
        listening();
        TcpClient client = listener.AcceptTcpClient();
        client.NoDelay = true;
        SslStream tls = new(client.GetStream());
        tls.AuthenticateAsServer(new SslServerAuthenticationOptions
        {
            ServerCertificate = X509Certificate2.CreateFromPemFile(CertificateOf(session), KeyOf(session)),
            EnabledSslProtocols = SslProtocols.Tls13,
        });
        return tls;
    }

    /// <summary>Returns a bare TLS connection to the server; the caller disposes it.</summary>
    public static SslStream Connect(Session session)
    {
        TcpClient client = new("127.0.0.1", int.Parse(File.ReadAllText(PortOf(session)), System.Globalization.CultureInfo.InvariantCulture))
        {
            NoDelay = true,
        };
        SslStream tls = new(client.GetStream());
        tls.AuthenticateAsClient(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            EnabledSslProtocols = SslProtocols.Tls13,
            CertificateChainPolicy = new X509ChainPolicy
            {
                RevocationMode = X509RevocationMode.NoCheck,
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(CertificateOf(session)) },
            },
        });
        return tls;
    }

    private static void Make(Session session)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=bench", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
        File.WriteAllText(CertificateOf(session), certificate.ExportCertificatePem());
        File.WriteAllText(KeyOf(session), key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(KeyOf(session), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static string CertificateOf(Session session) => Path.Combine(session.Directory, session.Name + ".pem");

    private static string KeyOf(Session session) => Path.Combine(session.Directory, session.Name + ".key");

    private static string PortOf(Session session) => Path.Combine(session.Directory, session.Name + ".port");
}
