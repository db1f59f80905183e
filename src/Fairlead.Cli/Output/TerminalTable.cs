using Spectre.Console;

namespace Fairlead.Cli.Output;

/// <summary>
/// A table for people: it fits the width of the terminal, and uses colours unless disabled. Only this class loads the library for that.
/// </summary>
internal static class TerminalTable
{
    public static void Draw(IReadOnlyList<Column> columns, IReadOnlyList<Cell[]> rows)
    {
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings { ColorSystem = Terminal.HasColors ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors });
        var table = new Spectre.Console.Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column.Title, new Style(decoration: Decoration.Bold)))
            {
                Alignment = column.IsNumber ? Justify.Right : Justify.Left,
                NoWrap = column.IsNumber,
                Padding = new Padding(0, 0, 2, 0),
            });
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(static cell => new Text(cell.Text, StyleOf(cell.Tone))));
        }

        console.Write(table);
    }

    private static Style StyleOf(CellTone tone) => tone switch
    {
        CellTone.Good => new Style(Color.Green),
        CellTone.Bad => new Style(Color.Red, decoration: Decoration.Bold),
        CellTone.Faint => new Style(Color.Grey),
        _ => Style.Plain,
    };
}
