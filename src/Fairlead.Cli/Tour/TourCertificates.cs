using Fairlead.Cli.Certificates;

namespace Fairlead.Cli.Tour;

/// <summary>Certificates of an authority that exists for one tour, which the environment names for its processes.</summary>
internal sealed class TourCertificates : IDisposable
{
    private static readonly string[] Variables = ["FAIRLEAD_TLS_CERTIFICATE", "FAIRLEAD_TLS_KEY", "FAIRLEAD_TLS_AUTHORITY"];

    private readonly string[] _before = [.. Variables.Select(static name => Environment.GetEnvironmentVariable(name) ?? "")];
    private readonly string _path = Directory.CreateTempSubdirectory("fairlead-tour-").FullName;

    public TourCertificates()
    {
        CertificateFolder folder = new(_path);
        folder.Write(CertificateFolder.AuthorityName, PrivateAuthority.Create("tour", 1, TimeProvider.System), replaces: false);
        using PrivateAuthority authority = folder.OpenAuthority(TimeProvider.System);
        folder.Write("tour", authority.IssueForServer(["127.0.0.1"], 1, isClientToo: true), replaces: false);
        Set(folder.CertificateOf("tour"), folder.KeyOf("tour"), folder.CertificateOf(CertificateFolder.AuthorityName));
    }

    public void Dispose()
    {
        Set(_before);
        Directory.Delete(_path, recursive: true);
    }

    private static void Set(params string[] values)
    {
        for (int i = 0; i < Variables.Length; i++)
        {
            Environment.SetEnvironmentVariable(Variables[i], values[i].Length > 0 ? values[i] : null);
        }
    }
}
