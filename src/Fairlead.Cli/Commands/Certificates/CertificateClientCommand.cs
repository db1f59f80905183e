using System.CommandLine;
using Fairlead.Cli.Certificates;

namespace Fairlead.Cli.Commands.Certificates;

/// <summary>Signs a certificate for a client.</summary>
internal sealed class CertificateClientCommand : ToolCommand
{
    private readonly Argument<string> _directory = CertificateArguments.Directory("The directory of the authority");
    private readonly Argument<string> _name = new("NAME")
    {
        Description = "The client's name, which servers see; it names the files",
        HelpName = "NAME",
    };
    private readonly Option<int> _days = CertificateArguments.Days(365);
    private readonly Option<bool> _force = CertificateArguments.Force();

    public CertificateClientCommand()
        : base("client", "Sign a certificate for a client")
    {
        Add(_directory);
        Add(_name);
        Add(_days);
        Add(_force);
        Examples = [("fairlead certificate client trial alice", "For alice")];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string name = parsed.GetRequiredValue(_name);
        string file = CertificateArguments.FileNameOf(name);
        CertificateFolder folder = new(parsed.GetRequiredValue(_directory));
        using PrivateAuthority authority = folder.OpenAuthority(TimeProvider.System);
        IssuedCertificate made = authority.IssueForClient(name, parsed.GetValue(_days));
        folder.Write(file, made, parsed.GetValue(_force));
        string authorityFile = folder.CertificateOf(CertificateFolder.AuthorityName);
        CertificateArguments.Report(
            folder,
            file,
            made.ExpiresAt,
            $"a client, {name}",
            $"connect with 'certificate={folder.CertificateOf(file)}&key={folder.KeyOf(file)}'; "
                + $"a server with 'authority={authorityFile}' demands it");
        return Task.FromResult(ExitCode.Ok);
    }
}
