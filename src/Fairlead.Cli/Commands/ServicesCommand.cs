using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Output;
using Fairlead.Rpc;

namespace Fairlead.Cli.Commands;

/// <summary>Lists the live services for remote procedure calls.</summary>
internal sealed class ServicesCommand : ToolCommand
{
    private readonly Argument<string?> _name = new("NAME")
    {
        Description = "Name of a service; without it all",
        HelpName = "NAME",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string> _output = NewOption.Output("table", "json", "text");

    public ServicesCommand()
        : base("services", "List live services for remote procedure calls, each instance with its process and counters")
    {
        _name.CompletionSources.Add(static _ => ServiceTarget.Names());
        Add(_name);
        Add(_output);
        Examples =
        [
            ("fairlead services", "List all"),
            ("fairlead services calc", "List the instances of one"),
            ("fairlead services --output json | jq -r '.addresses[0]'", "One JSON object per line, for programs"),
        ];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string? name = parsed.GetValue(_name);
        string format = parsed.GetRequiredValue(_output);
        InstanceLine[] lines = [.. Matchmaker.List().Where(one => name is null || one.Name == name).Select(InstanceLine.Of)];
        if (lines.Length == 0 && name is not null)
        {
            throw new ToolException(ExitCode.NotFound, $"no service '{name}' lives. fairlead services lists the live ones");
        }

        string[] numbers = ["CLIENTS", "CALLS"];
        string[] columns = ["SERVICE", "CONTRACT", "PID", "PROGRAM", "CLIENTS", "CALLS", "SINCE"];
        bool haveLabels = Array.Exists(lines, static line => line.Label is not null);
        Table table = new([.. columns.Concat(haveLabels ? ["LABEL"] : []).Select(column => new Column(column, numbers.Contains(column)))]);
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

        return Task.FromResult(ExitCode.Ok);
    }

    private static Cell[] Cells(InstanceLine line, bool haveLabels) =>
    [
        line.Service,
        line.Contract,
        Number(line.Pid),
        line.ProgramName,
        Number(line.Clients),
        Number(line.Calls),
        TimeText.Since(line.Since),
        .. haveLabels ? new Cell[] { VisibleText.OneLine(line.Label ?? "-") } : [],
    ];

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
