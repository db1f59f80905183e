using System.CommandLine;
using Fairlead.Cli.Certificates;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Certificates;

/// <summary>Signs a certificate for a server.</summary>
internal sealed class CertificateServerCommand : ToolCommand
{
    private readonly Argument<string> _directory = CertificateArguments.Directory("The directory of the authority");
    private readonly Argument<string[]> _hosts = new("HOST")
    {
        Description = "Names and IP addresses by which clients reach it; the first names the files",
        HelpName = "HOST",
        Arity = ArgumentArity.OneOrMore,
    };
    private readonly Option<int> _days = CertificateArguments.Days(365);
    private readonly Option<bool> _client = NewOption.Switch("--client", "Allow it to connect to other servers with this certificate, too");
    private readonly Option<bool> _force = CertificateArguments.Force();

    public CertificateServerCommand()
        : base("server", "Sign a certificate for a server")
    {
        Add(_directory);
        Add(_hosts);
        Add(_days);
        Add(_client);
        Add(_force);
        Examples =
        [
            ("fairlead certificate server trial localhost 127.0.0.1", "For this machine"),
            ("fairlead certificate server trial orders.example '*.orders.example' --days 90", "For several names"),
            ("fairlead certificate server trial localhost --force", "Renew it: a running server uses it without a restart"),
        ];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string[] hosts = parsed.GetRequiredValue(_hosts);
        if (hosts.FirstOrDefault(static host => !IsHost(host)) is { } wrong)
        {
            throw ToolException.Usage($"'{VisibleText.OneLine(wrong)}' is not a host: write a name, an IP address, or *.NAME");
        }

        string name = CertificateArguments.FileNameOf(hosts[0]);
        string directory = parsed.GetRequiredValue(_directory);
        CertificateFolder folder = new(directory);
        using PrivateAuthority authority = folder.OpenAuthority(TimeProvider.System);
        IssuedCertificate made = authority.IssueForServer(hosts, parsed.GetValue(_days), parsed.GetValue(_client));
        folder.Write(name, made, parsed.GetValue(_force));
        string host = hosts[0].Contains(':', StringComparison.Ordinal) ? $"[{hosts[0]}]" : hosts[0];
        CertificateArguments.Report(
            folder,
            name,
            made.ExpiresAt,
            $"a server, {string.Join(", ", hosts)}",
            $"listen at 'tls://{host}:5243?certificate={folder.CertificateOf(name)}&key={folder.KeyOf(name)}', "
                + $"connect to 'tls://{host}:5243?authority={folder.CertificateOf(CertificateFolder.AuthorityName)}'");
        return Task.FromResult(ExitCode.Ok);
    }

    private static bool IsHost(string host) =>
        Uri.CheckHostName(host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host) != UriHostNameType.Unknown
        && host.All(char.IsAscii);
}
