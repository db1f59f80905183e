using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Fairlead.Cli.Certificates;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Certificates;

/// <summary>Shows the certificates of a file.</summary>
internal sealed class CertificateShowCommand : ToolCommand
{
    private readonly Argument<string> _file = new("FILE")
    {
        Description = "A file of certificates in PEM form",
        HelpName = "FILE",
    };
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public CertificateShowCommand()
        : base("show", "Show the certificates in a file: names, validity, issuer, fingerprint")
    {
        Add(_file);
        Add(_output);
        Examples =
        [
            ("fairlead certificate show trial/localhost.pem", "As text"),
            ("fairlead certificate show server.pem --output json", "An object per line, for programs"),
        ];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string file = parsed.GetRequiredValue(_file);
        X509Certificate2Collection all = [];
        try
        {
            all.ImportFromPem(CertificateFolder.Read(file));
        }
        catch (CryptographicException problem)
        {
            throw new ToolException(ExitCode.Failure, $"{file}: a certificate is damaged ({VisibleText.OneLine(problem.Message)})");
        }

        if (all.Count == 0)
        {
            throw new ToolException(ExitCode.Failure, $"{file} has no certificate in PEM form");
        }

        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        for (int i = 0; i < all.Count; i++)
        {
            CertificateLine line = CertificateLine.Of(all[i], now);
            if (parsed.GetRequiredValue(_output) == "json")
            {
                StandardOutput.WriteLine(JsonSerializer.Serialize(line, OutputJson.Readable.CertificateLine));
                continue;
            }

            if (i > 0)
            {
                StandardOutput.WriteLine("");
            }

            foreach (string text in line.Lines())
            {
                StandardOutput.WriteLine(text);
            }
        }

        return Task.FromResult(ExitCode.Ok);
    }
}
