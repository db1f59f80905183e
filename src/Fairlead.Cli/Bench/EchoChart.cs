using System.Globalization;
using System.Text;

namespace Fairlead.Cli.Bench;

/// <summary>Draws the rows as a picture: the percentiles of both latencies on a logarithmic axis, and the throughput as bars.</summary>
internal sealed class EchoChart(IReadOnlyList<EchoRow> rows, string caption)
{
    private const int Width = 960;
    private const int Height = 400;
    private const int Top = 70;
    private const int Bottom = 300;
    private const int PanelWidth = 240;

    private static readonly double[] Parts = [0.1, 0.5, 0.9, 0.99, 1];
    private static readonly string[] PartNames = ["10", "50", "90", "99", "max"];

    // Distinct for eyes that do not tell red from green.
    private static readonly string[] Colors = ["#0072b2", "#e69f00", "#009e73", "#cc79a7"];

    private readonly StringBuilder _svg = new();

    /// <summary>Returns the text of the SVG file.</summary>
    public string Draw()
    {
        Add($"""<svg xmlns="http://www.w3.org/2000/svg" width="{Width}" height="{Height}" viewBox="0 0 {Width} {Height}" """
            + """font-family="sans-serif" font-size="12" fill="#222">""");
        Add($"""<rect width="{Width}" height="{Height}" fill="#fff"/>""");
        Text(Width / 2, 24, caption, "middle", 15);
        Curves(85, "First answer, with connecting (µs)", static row => row.First);
        Curves(400, "Round trip (µs)", static row => row.RoundTrip);
        Bars(710, "Answers a second");
        Legend();
        Add("</svg>");
        return _svg.ToString();
    }

    private void Curves(int left, string title, Func<EchoRow, Percentiles> measured)
    {
        double lowest = rows.Min(row => Math.Max(1, measured(row).At(Parts[0])));
        double highest = rows.Max(row => Math.Max(1, measured(row).At(1)));
        int from = (int)Math.Floor(Math.Log10(lowest));
        int to = Math.Max(from + 1, (int)Math.Ceiling(Math.Log10(highest)));
        for (int decade = from; decade <= to; decade++)
        {
            double y = Y(decade, from, to);
            Line(left, y, left + PanelWidth, y, "#ddd");
            Text(left - 6, y + 4, Math.Pow(10, decade).ToString("N0", CultureInfo.InvariantCulture), "end");
        }

        Frame(left, title);
        for (int i = 0; i < Parts.Length; i++)
        {
            Text(X(left, i), Bottom + 18, PartNames[i], "middle");
        }

        Text(left + (PanelWidth / 2), Bottom + 36, "percentile", "middle");
        for (int at = 0; at < rows.Count; at++)
        {
            string color = Colors[at % Colors.Length];
            double[] values = [.. Parts.Select(part => Math.Log10(Math.Max(1, measured(rows[at]).At(part))))];
            string points = string.Join(' ', values.Select((value, i) => $"{Number(X(left, i))},{Number(Y(value, from, to))}"));
            Add($"""<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>""");
            for (int i = 0; i < values.Length; i++)
            {
                Add($"""<circle cx="{Number(X(left, i))}" cy="{Number(Y(values[i], from, to))}" r="3" fill="{color}"/>""");
            }
        }
    }

    private void Bars(int left, string title)
    {
        double highest = Math.Max(1, rows.Max(static row => row.Rate));
        Frame(left, title);
        double step = (double)PanelWidth / rows.Count;
        for (int at = 0; at < rows.Count; at++)
        {
            // Room for the number above the highest bar.
            double height = rows[at].Rate / highest * (Bottom - Top - 20);
            double x = left + (at * step);
            Add($"""<rect x="{Number(x + (step * 0.15))}" y="{Number(Bottom - height)}" width="{Number(step * 0.7)}" """
                + $"""height="{Number(height)}" fill="{Colors[at % Colors.Length]}"/>""");
            Text(x + (step / 2), Bottom - height - 5, rows[at].Rate.ToString("N0", CultureInfo.InvariantCulture), "middle");
            Text(x + (step / 2), Bottom + 18, rows[at].Mode, "middle", 11);
        }
    }

    private void Legend()
    {
        for (int at = 0; at < rows.Count; at++)
        {
            int x = 70 + (at * 140);
            Add($"""<rect x="{x}" y="{Height - 30}" width="14" height="14" fill="{Colors[at % Colors.Length]}"/>""");
            Text(x + 20, Height - 18, rows[at].Mode, "start");
        }
    }

    private void Frame(int left, string title)
    {
        Text(left + (PanelWidth / 2), Top - 14, title, "middle", 13);
        Line(left, Bottom, left + PanelWidth, Bottom, "#888");
        Line(left, Top, left, Bottom, "#888");
    }

    private void Line(double x1, double y1, double x2, double y2, string color) =>
        Add($"""<line x1="{Number(x1)}" y1="{Number(y1)}" x2="{Number(x2)}" y2="{Number(y2)}" stroke="{color}"/>""");

    private void Text(double x, double y, string text, string anchor, int size = 12) =>
        Add($"""<text x="{Number(x)}" y="{Number(y)}" text-anchor="{anchor}" font-size="{size}">{Escaped(text)}</text>""");

    private void Add(string line) => _svg.Append(line).Append('\n');

    private static double X(int left, int part) => left + 20 + (part * (PanelWidth - 40.0) / (Parts.Length - 1));

    private static double Y(double value, int from, int to) => Bottom - ((value - from) / (to - from) * (Bottom - Top));

    private static string Number(double number) => number.ToString("0.#", CultureInfo.InvariantCulture);

    private static string Escaped(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal);
}
