using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Working;

/// <summary>Shows the items of a work queue.</summary>
internal sealed class WorkListCommand : ToolCommand
{
    /// <summary>The most characters of a payload or reason in a table.</summary>
    private const int LongestCell = 60;

    private readonly QueueArgument _queue;
    private readonly Option<long?> _count = NewOption.Count("Show at most this many items");
    private readonly Option<string> _output = NewOption.Output("table", "json", "text");

    public WorkListCommand()
        : base("list", "Show the items of a work queue")
    {
        _queue = QueueArgument.AddTo(this);
        Add(_count);
        Add(_output);
        Examples =
        [
            ("fairlead work list unix://jobs", "Show what waits, what workers have, and what was given up, with the reasons"),
            (
                "fairlead work list unix://jobs --output json | jq -r 'select(.state == \"given-up\") | .text'",
                "One JSON object per item, for programs"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        await using var control = await _queue.ConnectAsync(parsed, cancellationToken);
        var limit = (int)Math.Min(parsed.GetValue(_count) ?? int.MaxValue, int.MaxValue);
        Table table = new(
            new("ITEM", IsNumber: true),
            new("STATE"),
            new("PRIORITY", IsNumber: true),
            new("DELIVERIES", IsNumber: true),
            new("BYTES", IsNumber: true),
            new("TEXT"),
            new("DETAIL"));
        table.Write(
            (await control.ListAsync(limit, cancellationToken: cancellationToken)).Select(WorkItemLine.Of),
            parsed.GetRequiredValue(_output),
            Cells,
            static line => JsonSerializer.Serialize(line, OutputJson.Readable.WorkItemLine));
        return ExitCode.Ok;
    }

    private static Cell[] Cells(WorkItemLine line) =>
    [
        Number(line.Number),
        line.State,
        Number(line.Priority),
        Number(line.Deliveries),
        Number(line.Bytes),
        Cut(line.Text),
        Detail(line),
    ];

    private static string Detail(WorkItemLine line) => line switch
    {
        { Due: { } due } => $"until {due.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}",
        { Reason: { } reason } => Cut(reason),
        { Worker: { } worker } => Cut(worker),
        _ => "",
    };

    private static string Cut(string text) =>
        VisibleText.OneLine(text.Length > LongestCell ? $"{text[..(LongestCell - 1)]}…" : text);

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
