using System.CommandLine;

namespace Fairlead.Cli.Commands.Certificates;

/// <summary>Certificates for <c>tls://</c>.</summary>
internal sealed class CertificateCommand : Command, IHasExamples
{
    public CertificateCommand()
        : base("certificate", "Make certificates for trials of tls://, and show any")
    {
        Add(new CertificateAuthorityCommand());
        Add(new CertificateServerCommand());
        Add(new CertificateClientCommand());
        Add(new CertificateShowCommand());
    }

    public IReadOnlyList<(string Line, string What)> Examples { get; } =
    [
        ("fairlead certificate authority trial", "Make a private authority in the directory trial"),
        ("fairlead certificate server trial localhost 127.0.0.1", "Sign a certificate for a server"),
        ("fairlead certificate client trial alice", "Sign a certificate for a client"),
        ("fairlead certificate show trial/localhost.pem", "Show names, validity and fingerprint"),
    ];
}
