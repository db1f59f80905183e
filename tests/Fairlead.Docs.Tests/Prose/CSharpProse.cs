using System.Text.RegularExpressions;

namespace Fairlead.Docs.Tests.Prose;

/// <summary>Reads the prose of a C# file: its comments and the string literals that have several words.</summary>
internal static partial class CSharpProse
{
    private const int FewestSpaces = 4;

    /// <summary>A line of a comment that begins with this stands alone, such as a command line with what it does.</summary>
    private const string Indent = "   ";

    public static IEnumerable<Passage> Read(string source)
    {
        string[] lines = source.Split('\n');
        List<string> block = [];
        foreach (CSharpToken token in CSharpScanner.Scan(source))
        {
            if (!token.IsComment)
            {
                if (token.Text.AsSpan().Count(' ') >= FewestSpaces)
                {
                    yield return new(token.Line, token.Text, PassageKind.Literal);
                }

                continue;
            }

            if (!token.StartsLine)
            {
                yield return new(token.Line, token.Text.TrimStart('/'), PassageKind.Comment);
                continue;
            }

            string text = token.Text.TrimStart('/');
            block.Add(text.StartsWith(Indent, StringComparison.Ordinal) ? $"\u00b6 {text.Trim()} \u00b6" : text.Trim());
            bool goesOn = token.Line < lines.Length && lines[token.Line].TrimStart().StartsWith("//", StringComparison.Ordinal);
            if (!goesOn)
            {
                bool isPublic = token.Text.StartsWith("///", StringComparison.Ordinal) && IsPublic(lines.AsSpan(token.Line));
                yield return new(
                    token.Line - block.Count + 1,
                    string.Join('\n', block),
                    isPublic ? PassageKind.PublicComment : PassageKind.Comment);
                block.Clear();
            }
        }
    }

    /// <summary>Returns whether the declaration behind a comment is public: its first line that is not an attribute says so.</summary>
    private static bool IsPublic(ReadOnlySpan<string> following)
    {
        foreach (string line in following)
        {
            string text = line.Trim();
            if (text.Length > 0 && text[0] is not ('[' or '#'))
            {
                return Accessible().IsMatch(text);
            }
        }

        return false;
    }

    [GeneratedRegex("^(public|protected) ")]
    private static partial Regex Accessible();
}
