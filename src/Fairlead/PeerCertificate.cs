using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fairlead;

/// <summary>The certificate by which a peer has proved its identity. Only verified certificates are reported.</summary>
public sealed record PeerCertificate
{
    /// <summary>The subject's common name; without one, its first alternative name.</summary>
    public required string Name { get; init; }

    /// <summary>The alternative names: hosts and IP addresses.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>The distinguished name of the subject: <c>CN=alice, O=Example</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>The distinguished name of the authority that signed it.</summary>
    public required string Issuer { get; init; }

    /// <summary>The SHA-256 digest of the certificate, in hexadecimal digits. It identifies exactly this certificate.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The time from which it is no longer valid.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    internal static PeerCertificate Of(X509Certificate2 certificate)
    {
        string[] names = NamesOf(certificate);
        string common = PlainText.OneLine(certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false));
        return new PeerCertificate
        {
            Name = common.Length > 0 ? common : names.Length > 0 ? names[0] : "a certificate without a name",
            Names = names,
            Subject = PlainText.OneLine(certificate.Subject),
            Issuer = PlainText.OneLine(certificate.Issuer),
            Fingerprint = certificate.GetCertHashString(HashAlgorithmName.SHA256),
            ExpiresAt = new DateTimeOffset(certificate.NotAfter),
        };
    }

    internal static string[] NamesOf(X509Certificate2 certificate)
    {
        try
        {
            List<string> names = [];
            foreach (X509SubjectAlternativeNameExtension extension in
                certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>())
            {
                names.AddRange(extension.EnumerateDnsNames().Select(PlainText.OneLine));
                names.AddRange(extension.EnumerateIPAddresses().Select(static address => address.ToString()));
            }

            return [.. names];
        }
        catch (CryptographicException)
        {
            // The extension is malformed. The names are for people; verification has its own reader.
            return [];
        }
    }
}
