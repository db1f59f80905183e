using System.Globalization;
using System.Net;
using System.Text;

namespace Fairlead.Cli.Lab;

/// <summary>Draws the events of an experiment as an SVG: a lane for each process, time downward, a row for each event.</summary>
/// <remarks>
/// Rows have equal heights, because events lie nanoseconds or seconds apart; the measured time stands in the margin. A message is an arrow
/// from its sending to its receipt, a signal a dashed arrow from the lab, a wait a bar, and an end a cross.
/// </remarks>
internal static class SequenceChart
{
    private const int Margin = 96;
    private const int LaneWidth = 250;
    private const int Top = 92;
    private const int RowHeight = 30;
    private const int LineHeight = 13;
    private const int LettersALine = 36;
    private const string MessageColor = "#1a56db";
    private const string SignalColor = "#c81e1e";

    /// <summary>Returns the drawing.</summary>
    public static string Draw(Experiment experiment, long began, IReadOnlyList<LabEvent> events)
    {
        LabEvent[] shown = [.. events.Where(static happened => happened.IsShown)];
        string[] lanes = [.. shown.Select(static happened => happened.Lane).Distinct().OrderBy(static lane => lane != Director.Lane)];
        Dictionary<string, int> ids = shown
            .Where(static happened => happened.Id != 0)
            .GroupBy(static happened => happened.Lane)
            .ToDictionary(static lane => lane.Key, static lane => lane.First().Id);
        int[] rows = new int[shown.Length];
        int y = Top + 24;
        for (int i = 0; i < shown.Length; i++)
        {
            rows[i] = y;
            y += RowHeight + (LineHeight * (Lines(shown[i].Text).Count - 1));
        }

        int width = Margin + (lanes.Length * LaneWidth) + 16;
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y + 16}" viewBox="0 0 {width} {y + 16}"
              font-family="sans-serif" font-size="12">
            <defs>{Head(MessageColor)}{Head(SignalColor)}</defs>
            <rect width="100%" height="100%" fill="#fff"/>
            <text x="16" y="26" font-size="16" font-weight="bold">{Escape(experiment.Name)}</text>
            <text x="16" y="46" fill="#555">{Escape(experiment.Question)}</text>

            """);
        for (int lane = 0; lane < lanes.Length; lane++)
        {
            DrawLane(svg, lane, lanes[lane], ids.GetValueOrDefault(lanes[lane]), shown, rows, y);
        }

        for (int i = 0; i < shown.Length; i++)
        {
            DrawEvent(svg, i, Array.IndexOf(lanes, shown[i].Lane), lanes, shown, rows, began);
        }

        return svg.Append("</svg>\n").ToString();
    }

    /// <summary>
    /// Returns the receipts of a message: the first in each other lane, before it is sent again from the same lane. A broadcast has
    /// several.
    /// </summary>
    private static IEnumerable<int> ReceiptsOf(int sending, LabEvent[] shown)
    {
        LabEvent sent = shown[sending];
        HashSet<string> lanes = [];
        for (int i = sending + 1; i < shown.Length; i++)
        {
            if (shown[i].Link != sent.Link)
            {
                continue;
            }

            if (shown[i].Kind == LabEventKind.Sends && shown[i].Lane == sent.Lane)
            {
                break;
            }

            if (shown[i].Kind == LabEventKind.Receives && shown[i].Lane != sent.Lane && lanes.Add(shown[i].Lane))
            {
                yield return i;
            }
        }
    }

    /// <summary>An arrowhead has the color of its line, which a marker does not take over.</summary>
    private static string Head(string color) => $"""
        <marker id="{IdOf(color)}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
        <path d="M0 0 10 5 0 10z" fill="{color}"/></marker>
        """;

    private static string IdOf(string color) => $"head-{color[1..]}";

    private static int X(int lane) => Margin + (lane * LaneWidth) + 20;

    private static string Escape(string text) => WebUtility.HtmlEncode(text);

    private static void DrawLane(StringBuilder svg, int lane, string name, int id, LabEvent[] shown, int[] rows, int bottom)
    {
        int begin = Array.FindIndex(shown, happened => happened.Lane == name);
        int end = Array.FindLastIndex(shown, happened => happened.Lane == name && happened.Kind == LabEventKind.Ends);
        int x = X(lane);
        string title = id == 0 ? name : $"{name} (pid {id})";
        svg.Append(CultureInfo.InvariantCulture, $"""
            <text x="{x}" y="{Top - 14}" font-weight="bold" class="lane">{Escape(title)}</text>
            <line x1="{x}" y1="{rows[begin]}" x2="{x}" y2="{(end < 0 ? bottom : rows[end])}" stroke="#999" stroke-width="2"/>

            """);
        for (int i = 0; i < shown.Length; i++)
        {
            if (shown[i].Lane == name && shown[i].Kind == LabEventKind.Waits)
            {
                int until = Array.FindIndex(
                    shown, i + 1, other => other.Lane == name && other.Kind is LabEventKind.GoesOn or LabEventKind.Ends);
                int y2 = until < 0 || shown[until].Lane != name ? bottom : rows[until];
                svg.Append(CultureInfo.InvariantCulture, $"""
                    <rect x="{x - 4}" y="{rows[i]}" width="8" height="{y2 - rows[i]}" fill="#f0b429"/>

                    """);
            }
        }
    }

    private static void DrawEvent(StringBuilder svg, int i, int lane, string[] lanes, LabEvent[] shown, int[] rows, long began)
    {
        LabEvent happened = shown[i];
        int x = X(lane);
        int y = rows[i];
        string time = ((happened.At - began) / 1e6).ToString("0.00", CultureInfo.InvariantCulture);
        svg.Append(CultureInfo.InvariantCulture, $"""
            <text x="{Margin - 14}" y="{y + 4}" text-anchor="end" fill="#777" font-size="10">{time} ms</text>

            """);
        switch (happened.Kind)
        {
            case LabEventKind.Sends:
                foreach (int receipt in ReceiptsOf(i, shown))
                {
                    Arrow(svg, (x, y), (X(Array.IndexOf(lanes, shown[receipt].Lane)), rows[receipt]), MessageColor, "");
                }

                Dot(svg, x, y, MessageColor);
                break;
            case LabEventKind.Signals:
                int target = Array.IndexOf(lanes, happened.Link);
                if (target >= 0)
                {
                    Arrow(svg, (x, y), (X(target), y), SignalColor, " stroke-dasharray=\"5 3\"");
                }

                break;
            case LabEventKind.Ends:
                svg.Append(CultureInfo.InvariantCulture, $"""
                    <path d="M{x - 6} {y - 6} {x + 6} {y + 6}M{x - 6} {y + 6} {x + 6} {y - 6}" stroke="#c81e1e" stroke-width="2.5"/>

                    """);
                break;
            case LabEventKind.Seen:
                svg.Append(CultureInfo.InvariantCulture, $"""
                    <circle cx="{x}" cy="{y}" r="4" fill="#fff" stroke="#046c4e" stroke-width="2"/>

                    """);
                break;
            default:
                Dot(svg, x, y, happened.Kind == LabEventKind.Receives ? MessageColor : "#333");
                break;
        }

        string text = happened.Kind switch
        {
            LabEventKind.Signals => $"{happened.Text} to {happened.Link}",
            LabEventKind.Waits => $"waits {happened.Text}",
            _ => happened.Text,
        };
        string color = happened.Kind is LabEventKind.Signals or LabEventKind.Ends ? "#9b1c1c" : "#111";
        List<string> lines = Lines(text);
        for (int line = 0; line < lines.Count; line++)
        {
            // A white rim keeps the text readable where an arrow crosses it.
            int above = happened.Kind == LabEventKind.Signals ? -5 : 4;
            svg.Append(CultureInfo.InvariantCulture, $"""
                <text x="{x + 12}" y="{y + above + (line * LineHeight)}" fill="{color}" stroke="#fff" stroke-width="3"
                  paint-order="stroke">{Escape(lines[line])}</text>

                """);
        }
    }

    private static void Dot(StringBuilder svg, int x, int y, string color) =>
        svg.Append(CultureInfo.InvariantCulture, $"""
            <circle cx="{x}" cy="{y}" r="4" fill="{color}"/>

            """);

    private static void Arrow(StringBuilder svg, (int X, int Y) from, (int X, int Y) to, string color, string dash) =>
        svg.Append(CultureInfo.InvariantCulture, $"""
            <line x1="{from.X}" y1="{from.Y}" x2="{to.X}" y2="{to.Y}" stroke="{color}" stroke-width="1.5"
              marker-end="url(#{IdOf(color)})"{dash}/>

            """);

    private static List<string> Lines(string text)
    {
        List<string> lines = [];
        string line = "";
        foreach (string word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > LettersALine)
            {
                lines.Add(line);
                line = "";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        lines.Add(line);
        return lines;
    }
}
