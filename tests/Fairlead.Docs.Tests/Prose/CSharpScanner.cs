using System.Text;

namespace Fairlead.Docs.Tests.Prose;

/// <summary>
/// Finds the comments and string literals of C# source. It knows as much of the language as that takes: quotes, escapes, raw literals,
/// interpolation, and literals that a plus sign joins, which are one text.
/// </summary>
internal static class CSharpScanner
{
    /// <summary>Returns the comments and literals of a source, with <paramref name="value"/> for each interpolated value.</summary>
    public static IEnumerable<CSharpToken> Scan(string source, string value = "X")
    {
        int line = 1;
        int at = 0;
        while (at < source.Length)
        {
            if (source[at] == '\n')
            {
                line++;
                at++;
            }
            else if (Has(source, at, "//"))
            {
                int end = EndOfLine(source, at);
                yield return new(line, source[at..end], IsComment: true, StartsLine(source, at));
                at = end;
            }
            else if (Has(source, at, "/*"))
            {
                int end = source.IndexOf("*/", at, StringComparison.Ordinal) + 2;
                yield return new(line, source[at..end], IsComment: true, StartsLine: false);
                line += Breaks(source, at, end);
                at = end;
            }
            else if (source[at] == '\'')
            {
                at = EndOfCharacter(source, at);
            }
            else if (BeginsLiteral(source, at))
            {
                var text = new StringBuilder();
                int end = Literals(source, at, text, value);
                yield return new(line, text.ToString(), IsComment: false, StartsLine: false);
                line += Breaks(source, at, end);
                at = end;
            }
            else
            {
                at++;
            }
        }
    }

    /// <summary>Returns where the literal or character at a place ends; the place itself if there is none.</summary>
    public static int EndOfLiteral(string source, int at) =>
        source[at] == '\'' ? EndOfCharacter(source, at)
        : BeginsLiteral(source, at) ? Literal(source, at, new StringBuilder(), "")
        : at;

    /// <summary>Reads one literal and those that plus signs join to it; returns where the last one ends.</summary>
    private static int Literals(string source, int at, StringBuilder text, string value)
    {
        while (true)
        {
            int end = Literal(source, at, text, value);
            int next = SkipSpace(source, end);
            if (next >= source.Length || source[next] != '+')
            {
                return end;
            }

            next = SkipSpace(source, next + 1);
            if (next >= source.Length || !BeginsLiteral(source, next))
            {
                return end;
            }

            text.Append('\n', Breaks(source, end, next));
            at = next;
        }
    }

    private static int Literal(string source, int at, StringBuilder text, string value)
    {
        int dollars = 0;
        bool isVerbatim = false;
        for (; source[at] != '"'; at++)
        {
            dollars += source[at] == '$' ? 1 : 0;
            isVerbatim |= source[at] == '@';
        }

        int quotes = Run(source, at, '"');
        if (quotes == 2)
        {
            return at + 2;
        }

        bool isRaw = quotes >= 3;
        at += isRaw ? quotes : 1;
        while (at < source.Length)
        {
            char c = source[at];
            if (c == '"')
            {
                int run = Run(source, at, '"');
                if (isVerbatim && !isRaw && run >= 2)
                {
                    text.Append('"');
                    at += 2;
                    continue;
                }

                if (run >= (isRaw ? quotes : 1))
                {
                    return at + (isRaw ? run : 1);
                }

                text.Append('"', run);
                at += run;
            }
            else if (c == '\\' && !isVerbatim && !isRaw)
            {
                text.Append(source[at + 1] is 'n' or 't' or 'r' ? '\u00b6' : source[at + 1]);
                at += 2;
            }
            else if (c == '{' && dollars > 0)
            {
                at = Interpolated(source, at, dollars, isRaw, text, value);
            }
            else
            {
                text.Append(c);
                at++;
            }
        }

        return at;
    }

    /// <summary>Reads a brace of an interpolated literal: an escaped one stands for itself, and a value becomes an X.</summary>
    private static int Interpolated(string source, int at, int dollars, bool isRaw, StringBuilder text, string value)
    {
        int run = Run(source, at, '{');
        int needed = isRaw ? dollars : 1;
        if (run < needed || (!isRaw && run % 2 == 0))
        {
            text.Append('{');
            return at + (isRaw ? run : 2);
        }

        text.Append(value);
        at += run;
        int depth = run;
        while (at < source.Length && depth > 0)
        {
            if (BeginsLiteral(source, at))
            {
                at = Literal(source, at, new StringBuilder(), value);
                continue;
            }

            if (source[at] == '\'')
            {
                at = EndOfCharacter(source, at);
                continue;
            }

            text.Append(source[at] == '\n' ? "\n" : "");
            depth += source[at] switch { '{' => 1, '}' => -1, _ => 0 };
            at++;
        }

        return at;
    }

    private static bool BeginsLiteral(string source, int at)
    {
        while (at < source.Length && source[at] is '$' or '@')
        {
            at++;
        }

        return at < source.Length && source[at] == '"';
    }

    private static int EndOfCharacter(string source, int at)
    {
        at += source[at + 1] == '\\' ? 3 : 2;
        while (at < source.Length && source[at] is not ('\'' or '\n'))
        {
            at++;
        }

        return Math.Min(source.Length, at + 1);
    }

    private static int EndOfLine(string source, int at)
    {
        int end = source.IndexOf('\n', at);
        return end < 0 ? source.Length : end;
    }

    private static bool StartsLine(string source, int at)
    {
        int before = at - 1;
        while (before >= 0 && source[before] is ' ' or '\t')
        {
            before--;
        }

        return before < 0 || source[before] == '\n';
    }

    private static int SkipSpace(string source, int at)
    {
        while (at < source.Length && char.IsWhiteSpace(source[at]))
        {
            at++;
        }

        return at;
    }

    private static int Run(string source, int at, char c)
    {
        int end = at;
        while (end < source.Length && source[end] == c)
        {
            end++;
        }

        return end - at;
    }

    private static bool Has(string source, int at, string text) => string.CompareOrdinal(source, at, text, 0, text.Length) == 0;

    private static int Breaks(string source, int from, int to) => source.AsSpan(from, to - from).Count('\n');
}
