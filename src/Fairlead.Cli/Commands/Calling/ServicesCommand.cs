using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Output;
using Fairlead.Rpc;

namespace Fairlead.Cli.Commands.Calling;

/// <summary>Lists the live services for remote procedure calls.</summary>
internal sealed class ServicesCommand : ToolCommand
{
    private readonly Argument<string?> _name = new("NAME")
    {
        Description = "Service name (default: all services)",
        HelpName = "NAME",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string> _output = NewOption.Output("table", "json", "text");

    private readonly Option<string?> _matchmaker = NewOption.Matchmaker();

    public ServicesCommand()
        : base("services", "List live services for remote procedure calls, each instance with its process and counters")
    {
        _name.CompletionSources.Add(static _ => ServiceTarget.Names());
        Add(_name);
        Add(_matchmaker);
        Add(_output);
        Examples =
        [
            ("fairlead services", "List all"),
            ("fairlead services calc", "List the instances of one service"),
            ("fairlead services --matchmaker tcp://10.0.0.5:5000", "List the services at a matchmaker on the network"),
            ("fairlead services --output json | jq -r '.addresses[0]'", "One JSON object per line, for programs"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string? name = parsed.GetValue(_name);
        string format = parsed.GetRequiredValue(_output);
        string? matchmaker = parsed.GetValue(_matchmaker);
        IReadOnlyList<ServiceInstance> all =
            matchmaker is null ? Matchmaker.List() : await Matchmaker.ListAsync(matchmaker, cancellationToken);
        InstanceLine[] lines = [.. all.Where(one => name is null || one.Name == name).Select(InstanceLine.Of)];
        if (lines.Length == 0 && name is not null)
        {
            throw new ToolException(
                ExitCode.NotFound,
                matchmaker is null
                    ? $"no service '{name}' lives. fairlead services lists the live ones"
                    : $"no service '{name}' is registered at {matchmaker}. Leave out the name to list all registered services");
        }

        string[] numbers = ["CLIENTS", "CALLS"];
        string[] columns = ["SERVICE", "CONTRACT", "PID", "PROGRAM", "CLIENTS", "CALLS", "SINCE"];
        bool haveHosts = matchmaker is not null;
        bool haveLabels = Array.Exists(lines, static line => line.Label is not null);
        columns = [.. columns, .. haveHosts ? new[] { "HOST", "ADDRESS" } : [], .. haveLabels ? new[] { "LABEL" } : []];
        Table table = new([.. columns.Select(column => new Column(column, numbers.Contains(column)))]);
        foreach (InstanceLine line in lines)
        {
            switch (format)
            {
                case "json":
                    StandardOutput.WriteLine(JsonSerializer.Serialize(line, OutputJson.Readable.InstanceLine));
                    break;
                case "text":
                    StandardOutput.WriteLine(string.Join('\t', Cells(line, haveLabels).Select(static cell => cell.Text)));
                    break;
                default:
                    table.Add(Cells(line, haveLabels));
                    break;
            }
        }

        if (format == "table")
        {
            table.Write();
        }

        return ExitCode.Ok;
    }

    private static Cell[] Cells(InstanceLine line, bool haveLabels) =>
    [
        line.Service,
        VisibleText.OneLine(line.Contract),
        Number(line.Pid),
        VisibleText.OneLine(line.ProgramName),
        line.Clients is { } clients ? Number(clients) : "-",
        line.Calls is { } calls ? Number(calls) : "-",
        TimeText.Since(line.Since),
        .. line.Host is { } host ? new Cell[] { VisibleText.OneLine(host), VisibleText.OneLine(line.Addresses[0]) } : [],
        .. haveLabels ? new Cell[] { VisibleText.OneLine(line.Label ?? "-") } : [],
    ];

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
