using System.CommandLine;
using Fairlead.Cli.Certificates;

namespace Fairlead.Cli.Commands.Certificates;

/// <summary>Makes a private authority.</summary>
internal sealed class CertificateAuthorityCommand : ToolCommand
{
    private readonly Argument<string> _directory = CertificateArguments.Directory("Output directory; created if missing");
    private readonly Option<string> _name = new("--name")
    {
        Description = "Name of the authority",
        HelpName = "NAME",
        DefaultValueFactory = static _ => "Fairlead trial authority",
    };
    private readonly Option<int> _days = CertificateArguments.Days(3650);
    private readonly Option<bool> _force = CertificateArguments.Force();

    public CertificateAuthorityCommand()
        : base("authority", "Make a private authority: authority.pem for every peer, and authority.key, which you must keep secret")
    {
        Add(_directory);
        Add(_name);
        Add(_days);
        Add(_force);
        Examples = [("fairlead certificate authority trial", "In the directory trial")];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string name = parsed.GetRequiredValue(_name);
        if (name.Length is 0 or > 64)
        {
            throw ToolException.Usage("--name takes 1 to 64 characters");
        }

        CertificateFolder folder = new(parsed.GetRequiredValue(_directory));
        IssuedCertificate made = PrivateAuthority.Create(name, parsed.GetValue(_days), TimeProvider.System);
        folder.Write(CertificateFolder.AuthorityName, made, parsed.GetValue(_force));
        CertificateArguments.Report(
            folder,
            CertificateFolder.AuthorityName,
            made.ExpiresAt,
            "an authority",
            $"next: fairlead certificate server {parsed.GetRequiredValue(_directory)} localhost");
        return Task.FromResult(ExitCode.Ok);
    }
}
