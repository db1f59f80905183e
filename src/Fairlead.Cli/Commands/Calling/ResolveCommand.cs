using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Output;
using Fairlead.Cli.Services;

namespace Fairlead.Cli.Commands.Calling;

/// <summary>Looks up hosts and services.</summary>
internal sealed class ResolveCommand : ToolCommand
{
    private readonly Argument<string> _host = new("HOST") { Description = "A name, or an address, whose name is then looked up" };
    private readonly Argument<string?> _service = new("SERVICE")
    {
        Description = "A service by name or by port: domain, 53, domain/udp",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public ResolveCommand()
        : base("resolve", "Look up a host: its addresses, its own name, and the port of a service")
    {
        Add(_host);
        Add(_service);
        Add(_output);
        Examples =
        [
            ("fairlead resolve localhost", "Addresses and canonical name"),
            ("fairlead resolve 127.0.0.1", "The name of an address"),
            ("fairlead resolve localhost domain/udp", "Also the port of a service, by its name"),
            ("fairlead resolve localhost 53 --output json | jq -r '.services[0].name'", "Also the name of a service, by its port"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var services = parsed.GetValue(_service) is { } service ? ServiceNames.Find(service) : [];
        var found = await HostLookup.FindAsync(parsed.GetRequiredValue(_host), services, cancellationToken);
        if (parsed.GetRequiredValue(_output) == "json")
        {
            StandardOutput.WriteLine(JsonSerializer.Serialize(found, OutputJson.Readable.ResolveLine));
            return ExitCode.Ok;
        }

        Say("host", found.Host);
        Say("canonical", found.Canonical);
        foreach (var alias in found.Aliases)
        {
            Say("alias", alias);
        }

        foreach (var address in found.Addresses)
        {
            Say("address", address);
        }

        foreach (var line in found.Services)
        {
            Say(
                "service",
                string.Create(CultureInfo.InvariantCulture, $"{line.Name} {line.Port}/{line.Protocol} {string.Join(' ', line.Aliases)}"));
        }

        return ExitCode.Ok;
    }

    private static void Say(string what, string? text) => StandardOutput.WriteLine($"{what,-13} {text?.TrimEnd()}");
}
