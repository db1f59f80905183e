using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Output;
using Fairlead.Cli.Services;

namespace Fairlead.Cli.Commands;

/// <summary>Lists the network interfaces.</summary>
internal sealed class InterfacesCommand : ToolCommand
{
    private readonly Argument<string?> _name = new("NAME")
    {
        Description = "Interface name (default: all)",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string> _output = NewOption.Output("table", "json", "text");

    public InterfacesCommand()
        : base("interfaces", "List the network interfaces of this machine: addresses, flags, speed, MTU")
    {
        Add(_name);
        Add(_output);
        Examples =
        [
            ("fairlead interfaces", "All"),
            ("fairlead interfaces lo", "One interface"),
            ("fairlead interfaces --output json | jq -r '.ipv4[]'", "One JSON object per line, for programs"),
        ];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        Table table = new(
            new("INTERFACE"),
            new("IPV4"),
            new("IPV6"),
            new("MAC"),
            new("MTU", IsNumber: true),
            new("MBIT/S", IsNumber: true),
            new("FLAGS"));
        table.Write(
            NetworkInterfaces.Read(parsed.GetValue(_name)),
            parsed.GetRequiredValue(_output),
            Cells,
            static line => JsonSerializer.Serialize(line, OutputJson.Readable.InterfaceLine));
        return Task.FromResult(ExitCode.Ok);
    }

    private static Cell[] Cells(InterfaceLine line) =>
    [
        new(line.Name, line.Flags.Contains("up") ? CellTone.Plain : CellTone.Faint),
        OrDash(string.Join(' ', line.Ipv4)),
        OrDash(string.Join(' ', line.Ipv6)),
        OrDash(line.Mac ?? ""),
        OrDash(line.Mtu?.ToString(CultureInfo.InvariantCulture) ?? ""),
        OrDash(line.Speed?.ToString(CultureInfo.InvariantCulture) ?? ""),
        OrDash(string.Join(',', line.Flags)),
    ];

    private static string OrDash(string text) => text.Length == 0 ? "-" : text;
}
