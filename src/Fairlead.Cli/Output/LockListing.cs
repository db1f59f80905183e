using System.Globalization;
using System.Text.Json;

namespace Fairlead.Cli.Output;

/// <summary>Prints locks as a table, as text, or as JSON: one row for each owner or waiter.</summary>
internal static class LockListing
{
    public static void Write(IEnumerable<LockLine> locks, string format)
    {
        if (format == "json")
        {
            foreach (var line in locks)
            {
                StandardOutput.WriteLine(JsonSerializer.Serialize(line, OutputJson.Readable.LockLine));
            }

            return;
        }

        var table = new Table(new("LOCK"), new("KIND"), new("STATE"), new("PID"), new("THREAD"), new("SINCE"), new("PROGRAM"));
        foreach (var cells in locks.SelectMany(Rows))
        {
            if (format == "text")
            {
                StandardOutput.WriteLine(string.Join('\t', cells.Select(static cell => cell.Text)));
            }
            else
            {
                table.Add(cells);
            }
        }

        if (format != "text")
        {
            table.Write();
        }
    }

    private static IEnumerable<Cell[]> Rows(LockLine line)
    {
        if (line.State is not null || (line.Holders.Length == 0 && line.Waiters.Length == 0))
        {
            yield return [line.Lock, line.Kind, line.State ?? new Cell("free", CellTone.Faint), "", "", "", ""];
        }

        foreach (var holder in line.Holders)
        {
            yield return Row(line, "inside", holder);
        }

        foreach (var waiter in line.Waiters)
        {
            yield return Row(line, "waits", waiter);
        }
    }

    private static Cell[] Row(LockLine line, string state, PartyLine party) =>
    [
        line.Lock,
        line.Kind,
        party.Stopped == true ? $"{state}, stopped" : state,
        Number(party.Pid),
        party.Thread is { } thread ? Number(thread) : "",
        TimeText.Since(party.Since),
        party.Program ?? "",
    ];

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
