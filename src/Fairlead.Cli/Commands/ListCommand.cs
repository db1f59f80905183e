using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Commands.Locking;
using Fairlead.Cli.Output;
using Fairlead.Cli.Processes;
using Fairlead.Diagnostics;
using Fairlead.Memory;
using Fairlead.Registry;

namespace Fairlead.Cli.Commands;

/// <summary>Lists endpoints, segments or locks.</summary>
internal sealed class ListCommand : ToolCommand
{
    private readonly Option<bool> _all = NewOption.Switch("--all", "Also show connecting endpoints");
    private readonly Option<bool> _segments = NewOption.Switch("--segments", "Show the System V segments of this machine instead");
    private readonly Option<bool> _systemV = NewOption.Switch(
        "--sysv", "Show the System V segments, semaphores and message queues of this machine instead, like ipcs -a");
    private readonly Option<bool> _locks = NewOption.Switch(
        "--locks", "List named locks instead, with owners and waiters; with --all, free ones too");
    private readonly Option<bool> _boards = NewOption.Switch("--boards", "List cells of boards instead, with type, writer and version");
    private readonly Option<string> _output = NewOption.Output("table", "json", "text");

    public ListCommand()
        : base("list", "List live endpoints with their process and counters")
    {
        Add(_all);
        Add(_segments);
        Add(_systemV);
        Add(_locks);
        Add(_boards);
        Add(_output);
        Examples =
        [
            ("fairlead list", "List the endpoints that listen"),
            ("fairlead list --all", "Also list connecting endpoints"),
            ("fairlead list --segments", "List the System V shared memory of all users, like ipcs -m"),
            ("fairlead list --sysv", "The same with semaphores and message queues, like ipcs -a"),
            ("fairlead list --locks", "List owners and waiters of locks"),
            ("fairlead list --boards", "List cells of boards and the processes that write them"),
            ("fairlead list --output json | jq -r 'select(.dropped > 0) | .endpoint'", "One JSON object per line, for programs"),
            ("fairlead list --output text | cut -f 1,3", "Columns separated by tabs, without a header"),
        ];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_systemV))
        {
            if (parsed.GetValue(_segments) || parsed.GetValue(_locks) || parsed.GetValue(_all) || parsed.GetValue(_boards))
            {
                throw ToolException.Usage("--sysv without --all, --boards, --locks and --segments");
            }

            ListSystemV(parsed.GetRequiredValue(_output));
            return Task.FromResult(ExitCode.Ok);
        }

        if (parsed.GetValue(_boards))
        {
            if (parsed.GetValue(_segments) || parsed.GetValue(_locks) || parsed.GetValue(_all))
            {
                throw ToolException.Usage("--boards without --all, --locks and --segments");
            }

            ListBoards(parsed.GetRequiredValue(_output));
            return Task.FromResult(ExitCode.Ok);
        }

        if (parsed.GetValue(_locks))
        {
            if (parsed.GetValue(_segments))
            {
                throw ToolException.Usage("use either --locks or --segments, not both");
            }

            LockListing.Write(LocksCommand.Lines(parsed.GetValue(_all)), parsed.GetRequiredValue(_output));
            return Task.FromResult(ExitCode.Ok);
        }

        if (parsed.GetValue(_segments))
        {
            if (parsed.GetValue(_all))
            {
                throw ToolException.Usage("--segments always shows all segments: leave out --all");
            }

            Table segments = new(
                new("SEGMENT"),
                new("ID", IsNumber: true),
                new("SIZE", IsNumber: true),
                new("MODE"),
                new("OWNER", IsNumber: true),
                new("CREATOR", IsNumber: true),
                new("LAST", IsNumber: true),
                new("ATTACHED", IsNumber: true),
                new("CHANGED"));
            segments.Write(
                SharedRegion.SystemVSegments().Select(SegmentLine.Of),
                parsed.GetRequiredValue(_output),
                static line => Cells(line),
                static line => JsonSerializer.Serialize(line, OutputJson.Readable.SegmentLine));
            return Task.FromResult(ExitCode.Ok);
        }

        var listing = EndpointRegistry.Read();
        EndpointLine[] lines =
        [
            .. listing
                .Endpoints.Where(endpoint => endpoint.IsBound || endpoint.ParentProcessId is not null || parsed.GetValue(_all))
                .Select(EndpointLine.Of),
        ];

        // Only servers with a process for each client have children.
        var hasParents = Array.Exists(lines, static line => line.ParentPid is not null);
        string[] columns = ["ENDPOINT", "KIND", "PID", "PROGRAM", "CLIENTS", "MESSAGES", "DROPPED", "MISSED", "SINCE"];
        var hasLabels = Array.Exists(lines, static line => line.Label is not null);
        var hasStates = Array.Exists(lines, static line => line.Blocked == true || line.Reconnecting == true || line.Stopped == true);
        columns =
        [
            .. columns,
            .. hasParents ? new[] { "PARENT" } : [],
            .. hasLabels ? new[] { "LABEL" } : [],
            .. hasStates ? new[] { "STATE" } : [],
        ];
        Table endpoints = new([.. columns.Select(static name => new Column(name))]);
        endpoints.Write(
            lines,
            parsed.GetRequiredValue(_output),
            line =>
            [
                .. Cells(line),
                .. hasParents ? new Cell[] { line.ParentPid is { } parent ? Number(parent) : "-" } : [],
                .. hasLabels ? new Cell[] { VisibleText.OneLine(line.Label ?? "-") } : [],
                .. hasStates ? new[] { StateOf(line) } : [],
            ],
            static line => JsonSerializer.Serialize(line, OutputJson.Readable.EndpointLine));

        foreach (var skipped in listing.Skipped)
        {
            ErrorLine.Write($"{skipped.Path} is not listed: {skipped.Reason}");
        }

        return Task.FromResult(ExitCode.Ok);
    }

    private static void ListSystemV(string output)
    {
        Table table = new(
            new("KIND"),
            new("KEY"),
            new("ID", IsNumber: true),
            new("MODE"),
            new("OWNER", IsNumber: true),
            new("CONTENT"),
            new("PROCESSES"),
            new("USED"),
            new("CHANGED"));
        table.Write(
            SystemVTables.Read(),
            output,
            static line => Cells(line),
            static line => JsonSerializer.Serialize(line, OutputJson.Readable.SystemVLine));
    }

    private static void ListBoards(string output)
    {
        IReadOnlyList<SharedBoardInfo> boards = SharedBoard.List();
        Table table = new(
            new("BOARD"),
            new("CELL"),
            new("TYPE"),
            new("SIZE", IsNumber: true),
            new("VERSION", IsNumber: true),
            new("PID", IsNumber: true),
            new("PROGRAM"),
            new("SINCE"));
        table.Write(
            boards.SelectMany(BoardLine.Of),
            output,
            static line => Cells(line),
            static line => JsonSerializer.Serialize(line, OutputJson.Readable.BoardLine));
        foreach (SharedBoardInfo board in boards)
        {
            if (board.Damage is { } damage)
            {
                ErrorLine.Write(damage);
            }
        }
    }

    private static Cell StateOf(EndpointLine line) =>
        line.Stopped == true ? new Cell("stopped", CellTone.Bad)
        : line.Blocked == true ? new Cell("blocked", CellTone.Bad)
        : line.Reconnecting == true ? new Cell("reconnecting", CellTone.Bad)
        : "-";

    private static Cell[] Cells(BoardLine line) =>
    [
        line.Board,
        line.Cell is { } cell ? VisibleText.OneLine(cell) : "-",
        line.Type ?? "-",
        line.Size is { } size ? Number(size) : "-",
        line.Version is { } version ? Number(version) : "-",
        line.WriterDied == true ? new Cell("died", CellTone.Bad) : line.Pid is { } pid ? Number(pid) : "-",
        line.ProgramName ?? "-",
        line.Since is { } since ? TimeText.Since(since) : "-",
    ];

    private static Cell[] Cells(SegmentLine line) =>
    [
        new(line.Segment ?? (line.Removed ? "removed" : "private"), line.Segment is null ? CellTone.Faint : CellTone.Plain),
        Number(line.Id),
        Number(line.Size),
        line.Mode,
        Number(line.Owner),
        Number(line.CreatorPid),
        line.LastPid is { } last ? Number(last) : "-",
        Number(line.Attached),
        TimeText.Since(line.ChangedAt),
    ];

    private static Cell[] Cells(SystemVLine line) =>
    [
        line.Kind,
        new(line.Key ?? (line.Removed == true ? "removed" : "private"), line.Key is null ? CellTone.Faint : CellTone.Plain),
        Number(line.Id),
        line.Mode,
        Number(line.Owner),
        line.Content(),
        line.Processes(),
        line.UsedAt is { } used ? TimeText.Since(used) : "-",
        TimeText.Since(line.ChangedAt),
    ];

    private static Cell[] Cells(EndpointLine line) =>
    [
        new(line.Endpoint, line.Bound ? CellTone.Plain : CellTone.Faint),
        line.Kind,
        line.Pid is { } pid ? Number(pid) : "-",
        line.ProgramName,
        Number(line.Clients),
        Number(line.Messages),
        new(Number(line.Dropped), line.Dropped > 0 ? CellTone.Bad : CellTone.Plain),
        new(Number(line.Missed), line.Missed > 0 ? CellTone.Bad : CellTone.Plain),
        TimeText.Since(line.Since),
    ];

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
