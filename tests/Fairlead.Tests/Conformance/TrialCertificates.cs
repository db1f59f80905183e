using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fairlead.Tests.Conformance;

/// <summary>A private authority and what it signs, in files of a temporary folder.</summary>
internal sealed class TrialCertificates : IDisposable
{
    private static readonly Lazy<TrialCertificates> ForRun = new(static () =>
    {
        // Removed when the process ends: endpoints of any test may still read the files.
        TrialCertificates all = new("authority of the tests");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => all.Dispose();
        (string certificate, string key) = all.Issue("both", "tester", ["localhost", "127.0.0.1"]);
        Environment.SetEnvironmentVariable("FAIRLEAD_TLS_CERTIFICATE", certificate);
        Environment.SetEnvironmentVariable("FAIRLEAD_TLS_KEY", key);
        Environment.SetEnvironmentVariable("FAIRLEAD_TLS_AUTHORITY", all.Authority);
        return all;
    });

    private readonly TemporaryDirectory _folder = new();
    private readonly ECDsa _authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;

    public TrialCertificates(string name)
    {
        CertificateRequest request = new($"CN={name}", _authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        _authority = request.CreateSelfSigned(now.AddYears(-1), now.AddYears(1));
        Authority = Write("authority", _authority.ExportCertificatePem(), isSecret: false);
    }

    /// <summary>Those of this test run, which its environment names for every <c>tls://</c> address.</summary>
    public static TrialCertificates OfRun => ForRun.Value;

    /// <summary>The file of the authority.</summary>
    public string Authority { get; }

    /// <summary>The path of a file beside them.</summary>
    public string this[string name] => _folder[name];

    /// <summary>Issues a certificate and its key, or replaces the files with these names.</summary>
    /// <param name="file">The name of both files, without their extensions.</param>
    /// <param name="common">The common name.</param>
    /// <param name="hosts">The alternative names.</param>
    /// <param name="from">From when it is valid, in days from now.</param>
    /// <param name="days">How many days after that it expires.</param>
    /// <param name="usage">Its extended usage; null for any.</param>
    public (string Certificate, string Key) Issue(
        string file, string common, string[] hosts, double from = -1, double days = 2, string? usage = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={common}", key, HashAlgorithmName.SHA256);
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

        if (hosts.Length > 0)
        {
            request.CertificateExtensions.Add(names.Build());
        }

        if (usage is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        }

        DateTimeOffset start = TimeProvider.System.GetUtcNow().AddDays(from);
        using X509Certificate2 certificate = request.Create(
            _authority, start, start.AddDays(days), RandomNumberGenerator.GetBytes(16).Select(static one => (byte)(one & 0x7f)).ToArray());
        return (
            Write(file + ".pem", certificate.ExportCertificatePem(), isSecret: false),
            Write(file + ".key", key.ExportPkcs8PrivateKeyPem(), isSecret: true));
    }

    public void Dispose()
    {
        _authority.Dispose();
        _authorityKey.Dispose();
        _folder.Dispose();
    }

    private string Write(string name, string text, bool isSecret)
    {
        string path = _folder[name];
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | (isSecret ? 0 : UnixFileMode.OtherRead));
        return path;
    }
}
