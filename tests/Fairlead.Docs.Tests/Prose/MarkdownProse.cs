using System.Text.RegularExpressions;

namespace Fairlead.Docs.Tests.Prose;

/// <summary>Reads the prose of a Markdown page: paragraphs, list items, cells of tables and headings, without blocks of code.</summary>
internal static partial class MarkdownProse
{
    public static IEnumerable<Passage> Read(string page)
    {
        List<string> lines = [];
        int start = 0;
        bool inCode = false;
        foreach ((int index, string line) in page.Split('\n').Index())
        {
            string text = line.Trim();
            bool isFence = text.StartsWith("```", StringComparison.Ordinal);
            if ((inCode || isFence || text.Length == 0 || Begins().IsMatch(text)) && lines.Count > 0)
            {
                yield return new(start, string.Join('\n', lines), KindOf(lines[0]));
                lines.Clear();
            }

            inCode ^= isFence;
            if (inCode || isFence || text.Length == 0)
            {
                continue;
            }

            if (text[0] == '|')
            {
                foreach (string cell in CodeSpan().Replace(text, "X").Split('|'))
                {
                    yield return new(index + 1, cell.Trim(), PassageKind.Page);
                }

                continue;
            }

            start = lines.Count == 0 ? index + 1 : start;
            lines.Add(text);
        }

        if (lines.Count > 0)
        {
            yield return new(start, string.Join('\n', lines), KindOf(lines[0]));
        }
    }

    private static PassageKind KindOf(string line) => line[0] == '#' ? PassageKind.Heading : PassageKind.Page;

    /// <summary>Lines that begin a passage: a row of a table, an item of a list, a heading.</summary>
    [GeneratedRegex(@"^(\||[-*] |\d+\. |#)")]
    private static partial Regex Begins();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex CodeSpan();
}
