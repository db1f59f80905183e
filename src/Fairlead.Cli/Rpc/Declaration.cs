namespace Fairlead.Cli.Rpc;

/// <summary>A member in C#, as a description has it, taken apart: <c>ValueTask&lt;int&gt; AddAsync(int a, int b = 0);</c></summary>
/// <param name="Name">The name of the member.</param>
/// <param name="Result">The type that it returns, as written.</param>
/// <param name="Parameters">The parameters, without the token.</param>
internal sealed record Declaration(string Name, string Result, IReadOnlyList<DeclaredParameter> Parameters)
{
    private const string Token = "CancellationToken";

    /// <summary>Whether its caller may cancel it.</summary>
    public bool HasToken { get; private init; }

    /// <summary>Takes a declaration apart; null if it is not one, or not one of this member.</summary>
    /// <param name="text">The text.</param>
    /// <param name="member">The name of the member; null: any.</param>
    public static Declaration? Parse(string text, string? member = null)
    {
        (int open, string name) = OpenOf(text, member);
        int close = text.LastIndexOf(')');
        if (open < 0 || close < open)
        {
            return null;
        }

        List<DeclaredParameter> parameters = [];
        foreach (string part in Split(text[(open + 1)..close], ','))
        {
            if (part.Trim().Length > 0)
            {
                parameters.Add(DeclaredParameter.Parse(part.Trim()));
            }
        }

        string result = Words(text[..(open - name.Length)]) is [.., var last] ? last : "";
        return new Declaration(name, result, [.. parameters.Where(static one => one.Type != Token)])
        {
            HasToken = parameters.Exists(static one => one.Type == Token),
        };
    }

    /// <summary>Splits a text where brackets, texts and characters of C# are closed.</summary>
    public static List<string> Split(string text, char separator)
    {
        List<string> parts = [];
        int start = 0;
        foreach (int at in Outside(text))
        {
            if (text[at] == separator)
            {
                parts.Add(text[start..at]);
                start = at + 1;
            }
        }

        parts.Add(text[start..]);
        return parts;
    }

    /// <summary>The place of an opening bracket outside of others and of literals; -1: there is none.</summary>
    public static int IndexOf(string text, char bracket)
    {
        foreach (int at in Outside(text))
        {
            if (text[at] == bracket)
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>The words of a text: a type with brackets is one.</summary>
    public static List<string> Words(string text)
    {
        List<string> words = Split(text, ' ');
        words.RemoveAll(string.IsNullOrWhiteSpace);
        return words;
    }

    // The bracket behind the name; a tuple as the result has brackets too.
    private static (int At, string Name) OpenOf(string text, string? member)
    {
        foreach (int at in Outside(text))
        {
            if (text[at] == '(' && NameBefore(text, at) is { } name && (member is null || name == member))
            {
                return (at, name);
            }
        }

        return (-1, "");
    }

    // A type stands before the name.
    private static string? NameBefore(string text, int end)
    {
        int start = text.AsSpan(0, end).LastIndexOfAny(" \t)]>}".AsSpan()) + 1;
        return start > 0 && start < end && char.IsWhiteSpace(text[start - 1]) ? text[start..end] : null;
    }

    // The places outside of brackets and literals; an opening bracket is one.
    private static IEnumerable<int> Outside(string text)
    {
        int depth = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is '"' or '\'')
            {
                i = EndOfLiteral(text, i);
                continue;
            }

            if (text[i] is ')' or ']' or '>' or '}')
            {
                depth--;
            }

            if (depth == 0)
            {
                yield return i;
            }

            if (text[i] is '(' or '[' or '<' or '{')
            {
                depth++;
            }
        }
    }

    private static int EndOfLiteral(string text, int start)
    {
        for (int i = start + 1; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == text[start])
            {
                return i;
            }
        }

        return text.Length;
    }
}

/// <summary>A parameter.</summary>
/// <param name="Type">Its type, as written.</param>
/// <param name="Name">Its name.</param>
/// <param name="Default">Its default in C#; null: none.</param>
internal sealed record DeclaredParameter(string Type, string Name, string? Default)
{
    public static DeclaredParameter Parse(string text)
    {
        List<string> sides = Declaration.Split(text, '=');
        string declared = sides[0].Trim();
        int space = declared.LastIndexOf(' ');
        return new DeclaredParameter(
            space < 0 ? declared : declared[..space].Trim(),
            space < 0 ? "" : declared[(space + 1)..].TrimStart('@'),
            sides.Count > 1 ? text[(sides[0].Length + 1)..].Trim() : null);
    }
}
