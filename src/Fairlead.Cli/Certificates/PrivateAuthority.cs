using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fairlead.Cli.Certificates;

/// <summary>A small authority whose certificates are for trials and private networks: P-256 keys, one level.</summary>
/// <remarks>It does not print and knows no files: <see cref="CertificateFolder"/> keeps them.</remarks>
internal sealed class PrivateAuthority : IDisposable
{
    private const string ForServers = "1.3.6.1.5.5.7.3.1";
    private const string ForClients = "1.3.6.1.5.5.7.3.2";

    /// <summary>Clocks differ: a new certificate is valid for those that are a little behind, too.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    private readonly X509Certificate2 _certificate;
    private readonly TimeProvider _time;

    private PrivateAuthority(X509Certificate2 certificate, TimeProvider time)
    {
        _certificate = certificate;
        _time = time;
    }

    /// <summary>From when on nothing that it signs is valid.</summary>
    public DateTimeOffset ExpiresAt => new(_certificate.NotAfter);

    /// <summary>Makes an authority.</summary>
    /// <param name="name">Its common name.</param>
    /// <param name="days">How many days it is valid.</param>
    /// <param name="time">The clock.</param>
    public static IssuedCertificate Create(string name, int days, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(SubjectOf(name), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, critical: true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        DateTimeOffset now = time.GetUtcNow();
        using X509Certificate2 certificate = request.CreateSelfSigned(now - Tolerance, now.AddDays(days));
        return new IssuedCertificate(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem(), new(certificate.NotAfter));
    }

    /// <summary>Takes an authority from its files.</summary>
    /// <param name="certificate">The certificate, PEM.</param>
    /// <param name="key">Its key, PEM.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="CryptographicException">They do not belong together, or the certificate is not that of an authority.</exception>
    public static PrivateAuthority Of(string certificate, string key, TimeProvider time)
    {
        X509Certificate2 own;
        try
        {
            own = X509Certificate2.CreateFromPem(certificate, key);
        }
        catch (ArgumentException problem)
        {
            throw new CryptographicException(problem.Message, problem);
        }

        if (own.Extensions.OfType<X509BasicConstraintsExtension>().Any(static one => one.CertificateAuthority))
        {
            return new PrivateAuthority(own, time);
        }

        own.Dispose();
        throw new CryptographicException("The certificate is not that of an authority.");
    }

    /// <summary>Signs a certificate of a server for these hosts and IP addresses. The first is its common name.</summary>
    /// <param name="hosts">The hosts and addresses, at least one.</param>
    /// <param name="days">How many days it is valid, but no longer than the authority.</param>
    /// <param name="isClientToo">Whether the server connects to others by it, too.</param>
    public IssuedCertificate IssueForServer(IReadOnlyList<string> hosts, int days, bool isClientToo)
    {
        SubjectAlternativeNameBuilder names = new();
        foreach (string host in hosts)
        {
            if (IPAddress.TryParse(host, out IPAddress? address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
        }

        return Issue(hosts[0], isClientToo ? [ForServers, ForClients] : [ForServers], names.Build(), days);
    }

    /// <summary>Signs a certificate of a client.</summary>
    public IssuedCertificate IssueForClient(string name, int days) => Issue(name, [ForClients], names: null, days);

    public void Dispose() => _certificate.Dispose();

    private IssuedCertificate Issue(string name, string[] uses, X509Extension? names, int days)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(SubjectOf(name), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([.. uses.Select(static use => new Oid(use))], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
            _certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        if (names is not null)
        {
            request.CertificateExtensions.Add(names);
        }

        DateTimeOffset now = _time.GetUtcNow();
        DateTimeOffset end = now.AddDays(days) < ExpiresAt ? now.AddDays(days) : ExpiresAt;
        DateTimeOffset start = now - Tolerance > _certificate.NotBefore ? now - Tolerance : new(_certificate.NotBefore);
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f;
        serial[0] |= 0x40;
        using X509Certificate2 certificate = request.Create(_certificate, start, end, serial);
        return new IssuedCertificate(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem(), new(certificate.NotAfter));
    }

    private static X500DistinguishedName SubjectOf(string name)
    {
        X500DistinguishedNameBuilder subject = new();
        subject.AddCommonName(name);
        return subject.Build();
    }
}
