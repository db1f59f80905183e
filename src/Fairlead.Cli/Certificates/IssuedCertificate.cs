namespace Fairlead.Cli.Certificates;

/// <summary>A certificate and its key, in PEM form.</summary>
internal sealed record IssuedCertificate(string Certificate, string Key, DateTimeOffset ExpiresAt)
{
    /// <summary>Not the key.</summary>
    public override string ToString() => $"a certificate until {ExpiresAt:u}";
}
