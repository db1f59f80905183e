using System.Globalization;
using Fairlead.Bench.Running;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Reporting;

/// <summary>The report for people: a table for each scenario.</summary>
internal sealed class Table(TextWriter output) : IReport
{
    private static readonly string[] TimeColumns =
    [
        "contender",
        "p50 µs",
        "p99 µs",
        "min µs",
        "max µs",
        "ratio p50",
        "ratio p99",
        "goal",
        "B/op",
    ];
    private static readonly string[] RateColumns = ["contender", "k/s", "", "GB/s", "ratio", "goal", "B/op"];

    public void Begin(Machine machine, Plan plan)
    {
        output.WriteLine(
            $"{machine.Cpu}, {machine.Cores} cores, {machine.Architecture}; Linux {machine.Kernel}; {machine.Runtime}; {machine.Build}; "
                + $"load {machine.Load}");
        output.WriteLine(
            Text($"{plan.Rounds} rounds of {plan.RoundLength.TotalSeconds} s each, beside as many of the baseline. ")
                + "Figures: median of the rounds (lowest..highest).");
    }

    public void Add(Scenario scenario, IReadOnlyList<Result> results)
    {
        List<Figures> figures = [.. results.Where(result => result.Rounds.Count > 0).Select(result => Figures.Of(scenario, result))];
        IEnumerable<string[]> rows =
            scenario.IsTime ? [TimeColumns, .. figures.Select(TimeRow)] : [RateColumns, .. figures.Select(RateRow)];
        rows = WithBytes(rows, "server B/op", figures, f => f.AllocatedByServer);
        rows = WithBytes(rows, "reader B/op", figures, f => f.AllocatedByReaders);
        output.WriteLine();
        output.WriteLine(
            $"{scenario.Name}: {scenario.Measures}; {(scenario.IsTime ? "ratios below" : "ratio above")} 1 "
                + $"{(scenario.IsTime ? "are" : "is")} better than the baseline");
        Write([.. rows]);
        foreach (var contender in scenario.Contenders.Where(contender => contender.Missing is not null))
        {
            output.WriteLine($"  {contender.Name}: not measured, {contender.Missing}");
        }
    }

    private static string[] TimeRow(Figures f) =>
        [
            f.Contender,
            Micro(f.P50),
            Micro(f.P99),
            Micro(f.Min),
            Micro(f.Max),
            Ratio(f.Ratio),
            Ratio(f.RatioP99),
            Goal(f, "≤"),
            Text($"{f.Allocated:0}"),
        ];

    private static string[] RateRow(Figures f) =>
    [
        f.Contender, Text($"{f.Rate.Median / 1e3:0.0}"), Text($"({f.Rate.Lowest / 1e3:0.0}..{f.Rate.Highest / 1e3:0.0})"),
        f.BytesPerSecond > 0 ? Text($"{f.BytesPerSecond / 1e9:0.00}") : "", Ratio(f.Ratio), Goal(f, "≥"), Text($"{f.Allocated:0}"),
    ];

    // Absent if no contender has it.
    private static IEnumerable<string[]> WithBytes(
        IEnumerable<string[]> rows, string column, List<Figures> figures, Func<Figures, double?> bytes) =>
        figures.Exists(f => bytes(f) is not null)
            ? rows.Zip([column, .. figures.Select(f => Text($"{bytes(f):0}"))], static (row, cell) => (string[])[.. row, cell])
            : rows;

    private static string Micro(double? nanoseconds) => Text($"{nanoseconds / 1e3:0.0}");

    private static string Ratio(Spread? ratio) => ratio is { } r ? Text($"{r.Median:0.00} ({r.Lowest:0.00}..{r.Highest:0.00})") : "";

    private static string Goal(Figures f, string sign) =>
        f.Goal is { } goal ? Text($"{sign} {goal:0.##} {(f.IsGoalMet == true ? "met" : "missed")}") : "";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Aligns the first column to the left, the others to the right.</summary>
    private void Write(IReadOnlyList<string[]> rows)
    {
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        foreach (string[] row in rows)
        {
            var cells = row.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]));
            output.WriteLine("  " + string.Join("  ", cells).TrimEnd());
        }
    }
}
