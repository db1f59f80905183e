using System.Globalization;
using System.Text;

namespace Fairlead.Cli.Rpc;

/// <summary>Reads a type of C# out of a description, and writes it again.</summary>
/// <remarks>
/// The text is another program's: only names, tuples, arguments, arrays and <c>?</c> come out, so that nothing but a type can.
/// </remarks>
internal sealed class TypeText
{
    private const int MaxDepth = 64;

    private static readonly HashSet<string> Keywords = new(StringComparer.Ordinal)
    {
        "abstract", "as", "base", "break", "case", "catch", "checked", "class", "const", "continue", "default", "delegate", "do", "else",
        "enum", "event", "explicit", "extern", "false", "finally", "fixed", "for", "foreach", "goto", "if", "implicit", "in", "interface",
        "internal", "is", "lock", "namespace", "new", "null", "operator", "out", "override", "params", "private", "protected", "public",
        "readonly", "ref", "return", "sealed", "sizeof", "stackalloc", "static", "struct", "switch", "this", "throw", "true", "try",
        "typeof", "unchecked", "unsafe", "using", "virtual", "void", "volatile", "while",
    };

    private static readonly HashSet<string> TypeKeywords = new(StringComparer.Ordinal)
    {
        "bool", "byte", "char", "decimal", "double", "float", "int", "long", "nint", "nuint", "object", "sbyte", "short", "string", "uint",
        "ulong", "ushort",
    };

    private readonly string _text;
    private readonly Func<string, string?> _known;
    private int _at;
    private int _depth;

    private TypeText(string text, Func<string, string?> known) => (_text, _known) = (text, known);

    /// <summary>Reads a type, and returns it as it is to be written; null: the text is not a type.</summary>
    /// <param name="text">The text.</param>
    /// <param name="known">Returns what is written for a name with its arguments; null: that name itself.</param>
    public static string? Read(string text, Func<string, string?> known)
    {
        TypeText reader = new(text, known);
        return reader.One() is { } type && reader._at == text.Length ? type : null;
    }

    /// <summary>Returns an identifier, with <c>@</c> if it is a keyword; null: the text is none.</summary>
    public static string? Name(string text) => !IsName(text) ? null
        : Keywords.Contains(text) || TypeKeywords.Contains(text) ? $"@{text}"
        : text;

    /// <summary>Makes an identifier of a name with arguments: <c>PageOfLine</c>.</summary>
    public static string NameOf(string type)
    {
        StringBuilder name = new();
        bool isNew = false;
        foreach (char letter in type)
        {
            switch (letter)
            {
                case '<' or '(':
                    name.Append("Of");
                    isNew = true;
                    break;
                case ',':
                    name.Append("And");
                    isNew = true;
                    break;
                case '[':
                    name.Append("Array");
                    break;
                case '?':
                    name.Append("OrNull");
                    break;
                default:
                    if (IsPart(letter))
                    {
                        name.Append(isNew ? char.ToUpperInvariant(letter) : letter);
                        isNew = false;
                    }

                    break;
            }
        }

        return name.ToString();
    }

    private static bool IsName(string text) =>
        text.Length > 0 && text.All(IsPart) && CharUnicodeInfo.GetUnicodeCategory(text[0]) is not (
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark);

    private static bool IsPart(char letter) => CharUnicodeInfo.GetUnicodeCategory(letter) is UnicodeCategory.UppercaseLetter
        or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter
        or UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber or UnicodeCategory.DecimalDigitNumber
        or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.ConnectorPunctuation;

    private string? One()
    {
        if (++_depth > MaxDepth)
        {
            return null;
        }

        string? type = Peek() == '(' ? Tuple() : Named();
        while (type is not null && Peek() is '?' or '[')
        {
            if (Peek() == '?')
            {
                _at++;
                type += "?";
                continue;
            }

            int end = _text.IndexOf(']', _at);
            string rank = end < 0 ? "" : _text[_at..(end + 1)];
            type = rank.Length > 0 && rank[1..^1].All(static c => c == ',') ? type + rank : null;
            _at = end + 1;
        }

        _depth--;
        return type;
    }

    // Page<Line>
    private string? Named()
    {
        string name = Word();
        if (Peek() != '<')
        {
            return _known(name) ?? (TypeKeywords.Contains(name) ? name : Name(name));
        }

        _at++;
        return Several('>') is { } arguments && Name(name) is { } own
            ? _known($"{name}<{string.Join(", ", arguments.Select(static one => one.Text))}>")
                ?? $"{own}<{string.Join(", ", arguments.Select(static one => one.Written))}>"
            : null;
    }

    // (int Least, Grade Most)
    private string? Tuple()
    {
        _at++;
        return Several(')') is { Count: > 1 } parts ? $"({string.Join(", ", parts.Select(static one => one.Written))})" : null;
    }

    private List<(string Text, string Written)>? Several(char end)
    {
        List<(string, string)> all = [];
        while (true)
        {
            int start = _at;
            if (One() is not { } type)
            {
                return null;
            }

            if (end == ')' && Peek() == ' ')
            {
                _at++;
                if (Name(Word()) is not { } name)
                {
                    return null;
                }

                type = $"{type} {name}";
            }

            all.Add((_text[start.._at], type));
            char next = Peek();
            _at++;
            if (next == end)
            {
                return all;
            }

            if (next != ',' || Peek() != ' ')
            {
                return null;
            }

            _at++;
        }
    }

    private string Word()
    {
        int start = _at;
        while (_at < _text.Length && IsPart(_text[_at]))
        {
            _at++;
        }

        return _text[start.._at];
    }

    private char Peek() => _at < _text.Length ? _text[_at] : '\0';
}
