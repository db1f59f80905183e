using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fairlead.Cli.Output;

/// <summary>A certificate of a file, as text and as a line of JSON.</summary>
internal sealed record CertificateLine(
    string Subject,
    string[] Names,
    string Issuer,
    DateTimeOffset ValidFrom,
    DateTimeOffset ExpiresAt,
    string Validity,
    string[] Uses,
    bool IsAuthority,
    string Fingerprint)
{
    /// <param name="certificate">The certificate.</param>
    /// <param name="now">The current time, for the validity.</param>
    public static CertificateLine Of(X509Certificate2 certificate, DateTimeOffset now)
    {
        List<string> names = [];
        List<string> uses = [];
        bool isAuthority = false;
        try
        {
            foreach (X509Extension extension in certificate.Extensions)
            {
                switch (extension)
                {
                    case X509SubjectAlternativeNameExtension alternative:
                        names.AddRange(alternative.EnumerateDnsNames().Select(VisibleText.OneLine));
                        names.AddRange(alternative.EnumerateIPAddresses().Select(static address => address.ToString()));
                        break;
                    case X509EnhancedKeyUsageExtension usage:
                        uses.AddRange(usage.EnhancedKeyUsages.Cast<Oid>().Select(UseOf));
                        break;
                    case X509BasicConstraintsExtension constraints:
                        isAuthority = constraints.CertificateAuthority;
                        break;
                }
            }
        }
        catch (CryptographicException)
        {
            uses.Add("(a part of it is malformed)");
        }

        DateTimeOffset start = new(certificate.NotBefore.ToUniversalTime());
        DateTimeOffset end = new(certificate.NotAfter.ToUniversalTime());
        string validity = now < start ? "not yet valid"
            : now > end ? "expired"
            : FormattableString.Invariant($"expires in {(int)(end - now).TotalDays} days");
        return new CertificateLine(
            VisibleText.OneLine(certificate.Subject),
            [.. names],
            VisibleText.OneLine(certificate.Issuer),
            start,
            end,
            validity,
            [.. uses],
            isAuthority,
            certificate.GetCertHashString(HashAlgorithmName.SHA256));
    }

    /// <summary>The lines for people.</summary>
    public IEnumerable<string> Lines()
    {
        yield return $"subject      {Subject}";
        yield return $"names        {(Names.Length > 0 ? string.Join(", ", Names) : "none")}";
        yield return $"issuer       {Issuer}";
        yield return FormattableString.Invariant($"valid        {ValidFrom:u} to {ExpiresAt:u} ({Validity})");
        yield return $"for          {(IsAuthority ? "an authority" : Uses.Length > 0 ? string.Join(", ", Uses) : "any use")}";
        yield return $"fingerprint  {Fingerprint}";
    }

    private static string UseOf(Oid usage) => usage.Value switch
    {
        "1.3.6.1.5.5.7.3.1" => "servers",
        "1.3.6.1.5.5.7.3.2" => "clients",
        { } other => other,
        null => "an unknown use",
    };
}
