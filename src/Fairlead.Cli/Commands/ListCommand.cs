using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Output;
using Fairlead.Registry;

namespace Fairlead.Cli.Commands;

/// <summary>Who is there.</summary>
internal sealed class ListCommand : ToolCommand
{
    private readonly Option<bool> _all = NewOption.Switch("--all", "Show also the ends that have connected");
    private readonly Option<string> _output = NewOption.Output("table", "json", "text");

    public ListCommand()
        : base("list", "List the endpoints that live: where, what, whose, and what they have counted")
    {
        Add(_all);
        Add(_output);
        Examples =
        [
            ("fairlead list", "Who listens"),
            ("fairlead list --all", "And who is connected"),
            ("fairlead list --output json | jq -r 'select(.dropped > 0) | .endpoint'", "One JSON object a line, for programs"),
            ("fairlead list --output text | cut -f 1,3", "Columns with tabs between, without heads"),
        ];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken token)
    {
        var listing = EndpointRegistry.Read();
        var lines = listing.Endpoints.Where(endpoint => endpoint.IsBound || parsed.GetValue(_all)).Select(EndpointLine.Of);
        switch (parsed.GetRequiredValue(_output))
        {
            case "json":
                foreach (var line in lines)
                {
                    StandardOutput.WriteLine(JsonSerializer.Serialize(line, OutputJson.Readable.EndpointLine));
                }

                break;
            case "text":
                foreach (var line in lines)
                {
                    StandardOutput.WriteLine(string.Join('\t', Cells(line).Select(static cell => cell.Text)));
                }

                break;
            default:
                Draw(lines);
                break;
        }

        foreach (var skipped in listing.Skipped)
        {
            ErrorLine.Write($"{skipped.Path} is not shown: {skipped.Reason}");
        }

        return Task.FromResult(ExitCode.Ok);
    }

    private static void Draw(IEnumerable<EndpointLine> lines)
    {
        var table = new Table(new("ENDPOINT"), new("KIND"), new("PID"), new("PROGRAM"), new("CLIENTS"), new("MESSAGES"), new("DROPPED"), new("MISSED"), new("SINCE"));
        foreach (var line in lines)
        {
            table.Add(Cells(line));
        }

        table.Write();
    }

    private static Cell[] Cells(EndpointLine line) =>
    [
        new(line.Endpoint, line.Bound ? CellTone.Plain : CellTone.Faint),
        line.Kind,
        Number(line.Pid),
        line.ProgramName,
        Number(line.Clients),
        Number(line.Messages),
        new(Number(line.Dropped), line.Dropped > 0 ? CellTone.Bad : CellTone.Plain),
        new(Number(line.Missed), line.Missed > 0 ? CellTone.Bad : CellTone.Plain),
        Since(line.Since),
    ];

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The time; with the day where that is not today.</summary>
    private static string Since(DateTimeOffset since)
    {
        var local = since.ToLocalTime();
        var isToday = local.Date == TimeProvider.System.GetLocalNow().Date;
        return local.ToString(isToday ? "HH:mm:ss" : "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
    }
}
