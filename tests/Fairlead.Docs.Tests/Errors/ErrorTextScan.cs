using System.Text.RegularExpressions;
using Fairlead.Docs.Tests.Prose;

namespace Fairlead.Docs.Tests.Errors;

/// <summary>
/// Finds the texts of errors in the source of the library: the literals among the arguments of each error that is made with a code. Texts
/// that a method passes on, and those that consist of values alone, are not found.
/// </summary>
internal static partial class ErrorTextScan
{
    /// <summary>Returns the texts, each once with its code, in order.</summary>
    public static IEnumerable<ErrorText> All() =>
        ProseFiles
            .Under(["src/Fairlead", "src/Fairlead.Rpc", "src/Fairlead.RabbitMQ"])
            .SelectMany(static path => In(Repository.Read(path)))
            .GroupBy(static text => (text.Code, text.Text))
            .Select(static group => group.MaxBy(static text => text.Remedy.Length)!)
            .OrderBy(static text => text.Text, StringComparer.Ordinal);

    /// <summary>Returns the texts in the source of one file.</summary>
    public static IEnumerable<ErrorText> In(string source)
    {
        foreach (Match made in Made().Matches(source))
        {
            List<string> arguments = Arguments(source, made.Index + made.Length);
            if (arguments.Count < 2)
            {
                continue;
            }

            string remedy = string.Join(" / ", Literals(arguments.Count > 2 ? arguments[2] : ""));
            foreach (Match code in Code().Matches(arguments[0]))
            {
                foreach (string text in Literals(arguments[1]).Where(static text => Word().Count(text) > 1))
                {
                    yield return new(code.Groups["name"].Value, text, remedy);
                }
            }
        }
    }

    private static IEnumerable<string> Literals(string argument) =>
        CSharpScanner
            .Scan(argument, "…")
            .Where(static token => !token.IsComment && token.Text.Length > 0)
            .Select(static token => Space().Replace(token.Text, " ").Trim());

    /// <summary>Returns the source of each argument of a call, from behind its parenthesis on.</summary>
    private static List<string> Arguments(string source, int start)
    {
        List<string> arguments = [];
        int depth = 0;
        int from = start;
        for (int at = start; at < source.Length; at++)
        {
            int literal = CSharpScanner.EndOfLiteral(source, at);
            if (literal > at)
            {
                at = literal - 1;
                continue;
            }

            if (source[at] is ',' or ')' && depth == 0)
            {
                arguments.Add(source[from..at]);
                from = at + 1;
                if (source[at] == ')')
                {
                    return arguments;
                }
            }

            depth += source[at] switch { '(' or '[' or '{' => 1, ')' or ']' or '}' => -1, _ => 0 };
        }

        return arguments;
    }

    [GeneratedRegex(@"\bnew(?: FairleadException)?\(\s*(?=[^;]{0,80}?\bErrorCode\.)")]
    private static partial Regex Made();

    [GeneratedRegex(@"\bErrorCode\.(?<name>\w+)")]
    private static partial Regex Code();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex(@"\p{L}+")]
    private static partial Regex Word();
}
