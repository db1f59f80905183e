using System.Text;
using System.Text.RegularExpressions;

namespace Fairlead.Docs.Tests.Errors;

/// <summary>The page that lists the texts of errors: a table for each code, with the meaning of each text and what to do.</summary>
internal static partial class ErrorTextPage
{
    public const string Path = "docs/error-texts.md";

    private const double LeastLikeness = 0.5;
    private const string End = "## Refused system calls";

    /// <summary>Returns the rows of the page: code, text, meaning and remedy.</summary>
    public static IEnumerable<(string Code, string Text, string Meaning, string Remedy)> Rows(string page)
    {
        string code = "";
        foreach (string line in page.Split('\n'))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
            {
                code = Enum.TryParse<ErrorCode>(line[3..], out _) ? line[3..] : "";
            }
            else if (code.Length > 0 && Row().Match(line) is { Success: true } row)
            {
                yield return (code, row.Groups["text"].Value, row.Groups["meaning"].Value, row.Groups["remedy"].Value);
            }
        }
    }

    /// <summary>
    /// Returns the page with a row for each text of the source. Rows that the page has keep their meaning and remedy. A new row has the
    /// remedy of the source, and the meaning of a removed row with similar words, if there is one.
    /// </summary>
    public static string Renew(string page, IEnumerable<ErrorText> texts)
    {
        var known = Rows(page).ToDictionary(static row => (row.Code, row.Text), static row => (row.Meaning, row.Remedy));
        ILookup<string, ErrorText> byCode = texts.ToLookup(static text => text.Code, StringComparer.Ordinal);
        StringBuilder renewed = new();
        renewed.Append(page.AsSpan(0, page.IndexOf("\n## ", StringComparison.Ordinal) + 1));
        foreach (string code in Enum.GetNames<ErrorCode>().Where(code => byCode[code].Any()))
        {
            renewed.Append($"## {code}\n\n| text | meaning | what to do |\n|---|---|---|\n");
            var removed = known.Where(row => row.Key.Code == code && byCode[code].All(text => text.Text != row.Key.Text)).ToList();
            foreach (ErrorText text in byCode[code])
            {
                (string meaning, string remedy) = known.GetValueOrDefault((code, text.Text), (MeaningOf(text.Text, removed), text.Remedy));
                renewed.Append($"| `{text.Text}` | {meaning} | {remedy} |\n");
            }

            renewed.Append('\n');
        }

        return renewed.Append(page.AsSpan(page.IndexOf(End, StringComparison.Ordinal))).ToString();
    }

    private static string MeaningOf(string text, List<KeyValuePair<(string Code, string Text), (string Meaning, string Remedy)>> removed) =>
        removed
            .Select(row => (row.Value.Meaning, Likeness: Likeness(text, row.Key.Text)))
            .Where(static row => row.Likeness >= LeastLikeness)
            .OrderByDescending(static row => row.Likeness)
            .Select(static row => row.Meaning)
            .FirstOrDefault("");

    private static double Likeness(string one, string other)
    {
        HashSet<string> words = [.. one.Split(' ')];
        int common = words.Intersect(other.Split(' ')).Count();
        return (double)common / words.Union(other.Split(' ')).Count();
    }

    [GeneratedRegex(@"^\| `(?<text>[^`]+)` \| (?<meaning>[^|]*?) ?\| (?<remedy>[^|]*?) ?\|$")]
    private static partial Regex Row();
}
