using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fairlead.Transports.Tls;
using RabbitMQ.Client;

namespace Fairlead.RabbitMQ;

/// <summary>
/// How a broker's certificate is verified: by the authorities of the address, or else by those of the system; and the certificate that this
/// end shows to a broker that demands one.
/// </summary>
/// <remarks>The files are read again for each connection: a renewed certificate needs no restart.</remarks>
internal sealed class BrokerCertificates : IDisposable
{
    /// <summary>The use of a server's certificate. One that names no use may have any.</summary>
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    // Everything that was read from the files.
    private readonly X509Certificate2Collection _authorities = [];
    private readonly X509Certificate2? _own;

    /// <summary>Reads the files of an address.</summary>
    /// <exception cref="FairleadException">NotFound, Unavailable, PermissionDenied, Corrupt: a file cannot be read.</exception>
    public BrokerCertificates(BrokerAddress broker, BrokerNode node)
    {
        Option = new SslOption(node.Host) { Enabled = broker.Address.Scheme == "amqps" };
        if (Option.Enabled && broker.Authority is { } path)
        {
            _authorities = Read(broker.Address, path);
            Option.CertificateValidationCallback = (_, certificate, sent, errors) => IsTrusted(certificate, sent, errors, _authorities);
        }

        if (Option.Enabled && HasOwn(broker.Address))
        {
            _own = TlsIdentity.LoadOwn(broker.Address).Own?.TargetCertificate;
            Option.Certs = _own is null ? null : new X509CertificateCollection { _own };
        }
    }

    /// <summary>The option of the broker's client.</summary>
    public SslOption Option { get; }

    /// <summary>Tells which certificates they are. A renewed one has another text.</summary>
    public string Fingerprints => string.Join(',', new[] { _own }.Concat(_authorities).Select(
        static certificate => certificate?.GetCertHashString(HashAlgorithmName.SHA256)));

    /// <summary>Frees the certificates and the key. The connection that used them has ended.</summary>
    public void Dispose()
    {
        _own?.Dispose();
        foreach (X509Certificate2 authority in _authorities)
        {
            authority.Dispose();
        }
    }

    /// <summary>Whether the address names a certificate of this end.</summary>
    public static bool HasOwn(Address address) => address.Option(TlsFiles.CertificateOption) is { Length: > 0 };

    private static X509Certificate2Collection Read(Address address, string path)
    {
        try
        {
            X509Certificate2Collection authorities = [];
            authorities.ImportFromPemFile(path);
            return authorities.Count > 0 ? authorities : throw new CryptographicException("it contains no certificate");
        }
        catch (Exception problem) when (problem is CryptographicException or UnauthorizedAccessException or IOException)
        {
            ErrorCode code = problem switch
            {
                UnauthorizedAccessException => ErrorCode.PermissionDenied,
                IOException => ErrorCode.NotFound,
                _ => ErrorCode.Corrupt,
            };
            throw new FairleadException(
                code, $"the authorities in {path} cannot be read: {problem.Message}", "Name a file of certificates in PEM form.", problem)
            {
                Address = address,
            };
        }
    }

    /// <summary>Trusts a server's certificate for this host whose chain ends at one of the authorities.</summary>
    private static bool IsTrusted(
        X509Certificate? certificate, X509Chain? sent, SslPolicyErrors errors, X509Certificate2Collection authorities)
    {
        if (certificate is not X509Certificate2 known || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
        {
            return false;
        }

        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        if (sent is not null)
        {
            // The certificates between its own and the authority's, which the broker sends, too.
            chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        }

        return chain.Build(known);
    }
}
