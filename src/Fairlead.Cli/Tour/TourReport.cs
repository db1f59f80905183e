using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Output;
using Fairlead.Cli.Tour.Locks;

namespace Fairlead.Cli.Tour;

/// <summary>Shows the rows of a tour: as a table, which on a terminal is drawn at the end, or as lines of JSON.</summary>
internal sealed class TourReport(bool isJson, TourCut cut)
{
    private readonly Table _table = new(
        new("TRANSPORT", Width: 10),
        new("PATTERN", Width: 24),
        new("PROCESSES", IsNumber: true),
        new("MESSAGES", IsNumber: true),
        new("BYTES", IsNumber: true, Width: 9),
        new("MEDIAN µs", IsNumber: true),
        new("99 % µs", IsNumber: true, Width: 8),
        new("INTACT"));

    private readonly long _start = Stopwatch.GetTimestamp();
    private int _rows;
    private int _bad;
    private int _refused;

    /// <summary>Whether nothing was lost, duplicated, reordered or altered, every lock kept its promise, and no process failed.</summary>
    public bool IsIntact => _bad == 0;

    /// <summary>Announces a row.</summary>
    public static void Begin(TourRow row) => Progress($"{row.Ground}: {row.Scenario.Title} …");

    public void Add(TourRow row)
    {
        _rows++;
        _bad += row.Problem is null ? 0 : 1;
        _refused += row.Refusal is null ? 0 : 1;
        if (isJson)
        {
            StandardOutput.WriteLine(JsonSerializer.Serialize(TourLine.Of(row), OutputJson.Readable.TourLine));
            return;
        }

        var verdict = row switch
        {
            { Problem: { } problem } => new Cell($"no: {problem}", CellTone.Bad),
            { Refusal: { } refusal } => new Cell($"refused: {refusal}", CellTone.Faint),
            _ => new Cell("yes", CellTone.Good),
        };
        var counts = row.Refusal is null;
        var isLock = row.Scenario is LockScenario;
        _table.Stream(
            row.Ground,
            row.Scenario.Title,
            Number(row.Processes),
            counts ? Number(isLock ? row.Entries : row.Messages) : "-",
            counts && !isLock ? Number(row.Bytes) : "-",
            Microseconds(row.Median),
            Microseconds(row.P99),
            verdict);
    }

    /// <summary>Ends the report after the last row.</summary>
    /// <param name="isWithoutBroker">Whether the rows over amqp were left out, because there is no broker.</param>
    public void End(bool isWithoutBroker)
    {
        Progress("");
        if (isJson)
        {
            return;
        }

        _table.Write();
        var verdict = _bad == 0 ? "all intact" : $"{_bad} not intact";
        var refused = _refused == 0 ? "" : $", {_refused} refused as not applicable";
        var seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        ErrorLine.WriteBare(
            $"{_rows - _refused} rows, {verdict}{refused}, in {seconds} s. "
                + $"Each talk sent {cut.Count} messages of {cut.Path ?? "the tool's own text"} ({cut.Length} bytes) each way.");
        if (isWithoutBroker)
        {
            ErrorLine.WriteBare("Without amqp: name a broker with --broker HOST:PORT.");
        }

        ErrorLine.WriteBare(
            "Times: for message, pair, publish and streams from sending to arrival, at full sending speed; "
                + "for a lock from requesting to entering; for all others the round trip.");
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Microseconds(double? value) => value?.ToString("0.0", CultureInfo.InvariantCulture) ?? "-";

    /// <summary>Overwrites a progress line, for a person who waits.</summary>
    private static void Progress(string text)
    {
        if (Terminal.IsOutput && Terminal.IsError)
        {
            StandardError.Write($"\r\e[K{text}");
        }
    }
}
