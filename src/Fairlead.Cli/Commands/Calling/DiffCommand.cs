using System.CommandLine;
using System.CommandLine.Completions;
using System.Text.Json;
using Fairlead.Cli.Output;
using Fairlead.Cli.Rpc;
using Fairlead.Rpc;

namespace Fairlead.Cli.Commands.Calling;

/// <summary>Compares two contracts: which members break which clients.</summary>
internal sealed class DiffCommand : ToolCommand
{
    private const string Sources = "a service by name or address, or a file of describe --output json";

    private readonly Argument<string> _old = new("OLD") { Description = $"The old contract: {Sources}", HelpName = "OLD" };
    private readonly Argument<string> _new = new("NEW") { Description = "The new contract, in the same form", HelpName = "NEW" };
    private readonly Option<TimeSpan?> _timeout = NewOption.Timeout("Longest time to wait for a service's answer");
    private readonly Option<string?> _contract = NewOption.Contract();
    private readonly Option<string> _output = NewOption.Output("table", "json", "text");

    public DiffCommand()
        : base("diff", "Compare two contracts, and show which members break which clients")
    {
        foreach (Argument<string> source in (ReadOnlySpan<Argument<string>>)[_old, _new])
        {
            source.CompletionSources.Add(static _ => ServiceTarget.Names());
            Add(source);
        }

        Add(_timeout);
        Add(_contract);
        Add(_output);
        Examples =
        [
            ("fairlead diff calc.json calc", "Exit 1 if a client of the saved contract is refused by the live service"),
            ("fairlead diff calc calc-next", "Compare two live services"),
            ("fairlead diff old.json new.json --output json | jq 'select(.breaksOldClients)'", "One JSON object per line, for programs"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        TimeSpan? timeout = parsed.GetValue(_timeout);
        string? name = parsed.GetValue(_contract);
        RpcDescription old = await ContractSource.LoadAsync(parsed.GetRequiredValue(_old), name, timeout, cancellationToken);
        RpcDescription latest = await ContractSource.LoadAsync(parsed.GetRequiredValue(_new), name, timeout, cancellationToken);
        IReadOnlyList<DifferenceLine> differences = ContractDiff.Compare(old, latest);
        string format = parsed.GetRequiredValue(_output);
        if (differences.Count > 0)
        {
            new Table(new("MEMBER"), new("CHANGE"), new("BREAKS"), new("OLD"), new("NEW")).Write(
                differences, format, Cells, static line => JsonSerializer.Serialize(line, OutputJson.Readable.DifferenceLine));
        }

        if (format == "table")
        {
            ErrorLine.WriteBare(Summary(old, latest, differences));
        }

        return differences.Any(static line => line.BreaksOldClients) ? ExitCode.Failure : ExitCode.Ok;
    }

    private static string Summary(RpcDescription old, RpcDescription latest, IReadOnlyList<DifferenceLine> differences)
    {
        int broken = differences.Count(static line => line.BreaksOldClients);
        int later = differences.Count(static line => line.BreaksNewClients);
        return (broken, later) switch
        {
            (0, 0) when old.Members.Count == latest.Members.Count && differences.Count == 0 => "The contracts are equal.",
            (0, 0) => "The contracts are compatible both ways.",
            (0, _) => "Old clients can call new servers. New clients are refused by old servers.",
            (_, 0) => "Old clients are refused by new servers. New clients can call old servers.",
            _ => "Old clients are refused by new servers, and new clients by old servers.",
        };
    }

    private static Cell[] Cells(DifferenceLine line) =>
    [
        line.Member,
        line.Change,
        (line.BreaksOldClients, line.BreaksNewClients) switch
        {
            (true, true) => new Cell("old clients, new clients of old servers", CellTone.Bad),
            (true, false) => new Cell("old clients", CellTone.Bad),
            (false, true) => "new clients of old servers",
            _ => new Cell("-", CellTone.Faint),
        },
        line.Old ?? "-",
        line.New ?? "-",
    ];
}
