using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fairlead.Transports.Tls;

/// <summary>The certificate by which this end proves its identity, and the authorities by which it verifies the other end.</summary>
/// <remarks>Does not change: a reload makes another one.</remarks>
internal sealed class TlsIdentity
{
    private readonly TlsFiles _files;

    private TlsIdentity(TlsFiles files, SslStreamCertificateContext? own, X509Certificate2Collection? authorities)
    {
        _files = files;
        Own = own;
        Authorities = authorities;
    }

    /// <summary>This end's certificate with its key and the certificates between it and its authority; null without one.</summary>
    public SslStreamCertificateContext? Own { get; }

    /// <summary>The trusted authorities; null for those of the system.</summary>
    public X509Certificate2Collection? Authorities { get; }

    /// <summary>Reads the files that an address names.</summary>
    /// <exception cref="FairleadException">Unavailable, PermissionDenied or Corrupt, with the file's name.</exception>
    public static TlsIdentity Load(Address address) => From(address, TlsFiles.Read(address));

    /// <summary>Reads the certificate of this end and its key, without the authorities.</summary>
    /// <exception cref="FairleadException">As for <see cref="Load"/>.</exception>
    public static TlsIdentity LoadOwn(Address address) => From(address, TlsFiles.ReadOwn(address));

    /// <summary>Reads the files again. Returns this identity if they have not changed.</summary>
    /// <exception cref="FairleadException">As for <see cref="Load"/>.</exception>
    public TlsIdentity Reload(Address address)
    {
        TlsFiles files = TlsFiles.Read(address);
        return files == _files ? this : From(address, files);
    }

    /// <summary>How the other end's certificate is verified.</summary>
    /// <remarks>Revocation is not checked, and nothing is downloaded: short-lived certificates and a reload replace both.</remarks>
    public X509ChainPolicy Policy()
    {
        X509ChainPolicy policy = new()
        {
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        if (Authorities is { } authorities)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(authorities);
        }

        return policy;
    }

    private static TlsIdentity From(Address address, TlsFiles files) =>
        new(files, OwnFrom(address, files), AuthoritiesFrom(address, files));

    private static SslStreamCertificateContext? OwnFrom(Address address, TlsFiles files)
    {
        if (files.Certificate is null)
        {
            return null;
        }

        X509Certificate2 own;
        X509Certificate2Collection between = [];
        try
        {
            between.ImportFromPem(files.Certificate);
        }
        catch (CryptographicException problem)
        {
            throw Unreadable(address, TlsFiles.CertificateOption, problem);
        }

        if (between.Count == 0)
        {
            throw Empty(address, TlsFiles.CertificateOption);
        }

        try
        {
            own = X509Certificate2.CreateFromPem(files.Certificate, files.Key);
        }
        catch (Exception problem) when (problem is CryptographicException or ArgumentException)
        {
            string path = TlsFiles.PathOf(address, TlsFiles.KeyOption)!;
            throw files.Key!.Contains("ENCRYPTED", StringComparison.Ordinal)
                ? new FairleadException(
                    ErrorCode.NotSupported,
                    $"the key in {path} is protected by a passphrase",
                    "Name a key without one, with mode 600.",
                    problem)
                {
                    Address = address,
                }
                : new FairleadException(
                    ErrorCode.Corrupt,
                    $"{path} has no key that belongs to the certificate in {TlsFiles.PathOf(address, TlsFiles.CertificateOption)}",
                    "Name the certificate's own key, in PEM form.",
                    problem)
                {
                    Address = address,
                };
        }

        between.RemoveAt(0);
        return SslStreamCertificateContext.Create(own, between, offline: true);
    }

    private static X509Certificate2Collection? AuthoritiesFrom(Address address, TlsFiles files)
    {
        if (files.Authority is null)
        {
            return null;
        }

        X509Certificate2Collection authorities = [];
        try
        {
            authorities.ImportFromPem(files.Authority);
        }
        catch (CryptographicException problem)
        {
            throw Unreadable(address, TlsFiles.AuthorityOption, problem);
        }

        return authorities.Count > 0 ? authorities : throw Empty(address, TlsFiles.AuthorityOption);
    }

    private static FairleadException Unreadable(Address address, string option, Exception problem) =>
        new(
            ErrorCode.Corrupt,
            $"a certificate in {TlsFiles.PathOf(address, option)} is damaged",
            "Name a file of certificates in PEM form.",
            problem)
        {
            Address = address,
        };

    private static FairleadException Empty(Address address, string option) =>
        new(
            ErrorCode.Corrupt,
            $"{TlsFiles.PathOf(address, option)} has no certificate",
            "Name a file of certificates in PEM form.")
        {
            Address = address,
        };
}
