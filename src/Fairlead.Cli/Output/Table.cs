namespace Fairlead.Cli.Output;

/// <summary>
/// Rows with headers. On a terminal the table is drawn when all rows are known. Elsewhere it is plain text with one row per line, for tools
/// like cut and awk.
/// </summary>
internal sealed class Table(params IReadOnlyList<Column> columns)
{
    private readonly List<Cell[]> _rows = [];
    private bool _hasBegun;

    /// <summary>Adds a row.</summary>
    public void Add(params Cell[] cells) => _rows.Add(cells);

    /// <summary>Adds a row and, if the table is not drawn, writes it immediately.</summary>
    public void Stream(params Cell[] cells)
    {
        Add(cells);
        if (!Terminal.IsOutput)
        {
            WritePlain();
        }
    }

    /// <summary>Writes the remaining rows.</summary>
    public void Write()
    {
        if (Terminal.IsOutput)
        {
            TerminalTable.Draw(columns, _rows);
        }
        else
        {
            WritePlain();
        }
    }

    /// <summary>Writes lines in a format: json and text write them as they come, and any other this table when all are known.</summary>
    public void Write<T>(IEnumerable<T> lines, string format, Func<T, Cell[]> cells, Func<T, string> json)
    {
        foreach (var line in lines)
        {
            switch (format)
            {
                case "json":
                    StandardOutput.WriteLine(json(line));
                    break;
                case "text":
                    StandardOutput.WriteLine(string.Join('\t', cells(line).Select(static cell => cell.Text)));
                    break;
                default:
                    Add(cells(line));
                    break;
            }
        }

        if (format is not ("json" or "text"))
        {
            Write();
        }
    }

    private void WritePlain()
    {
        var widths = columns
            .Select(
                (column, i) =>
                    Math.Max(Math.Max(column.Width, column.Title.Length), _rows.Select(row => row[i].Text.Length).DefaultIfEmpty().Max()))
            .ToArray();
        if (!_hasBegun)
        {
            _hasBegun = true;
            WriteLine(columns.Select(static column => column.Title), widths);
        }

        foreach (var row in _rows)
        {
            WriteLine(row.Select(static cell => cell.Text), widths);
        }

        _rows.Clear();
    }

    private void WriteLine(IEnumerable<string> cells, int[] widths) =>
        StandardOutput.WriteLine(
            string.Join("  ", cells.Select((text, i) => columns[i].IsNumber ? text.PadLeft(widths[i]) : text.PadRight(widths[i]))).TrimEnd()
        );
}
