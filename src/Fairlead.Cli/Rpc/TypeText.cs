namespace Fairlead.Cli.Rpc;

/// <summary>A type as C# writes it, taken apart.</summary>
/// <param name="Name">The name without arguments; empty for a tuple.</param>
/// <param name="Arguments">The arguments of a generic type, or the elements of a tuple.</param>
/// <param name="Suffix">What stands behind it: <c>?</c>, <c>[]</c>, <c>[]?</c>.</param>
internal sealed record TypeText(string Name, IReadOnlyList<TypeText> Arguments, string Suffix)
{
    private const int MaxDepth = 64;

    /// <summary>Takes a type apart; null: it is too deep, or none.</summary>
    public static TypeText? Parse(string text) => Parse(text, 0);

    /// <summary>The type without the last part of its suffix.</summary>
    public TypeText Without(string suffix) => this with { Suffix = Suffix[..^suffix.Length] };

    private static TypeText? Parse(string text, int depth)
    {
        text = text.Trim();
        int end = text.TrimEnd('?', '[', ']').Length;
        (string core, string suffix) = (text[..end], text[end..]);
        int open = core.IndexOfAny(['<', '(']);
        if (depth > MaxDepth || core.Length == 0)
        {
            return null;
        }

        if (open < 0)
        {
            return new TypeText(core, [], suffix);
        }

        if (core[^1] != (core[open] == '<' ? '>' : ')') || (core[open] == '(' && open > 0))
        {
            return null;
        }

        List<TypeText> arguments = [];
        foreach (string part in Rpc.Declaration.Split(core[(open + 1)..^1], ','))
        {
            if (Parse(core[open] == '(' ? WithoutName(part.Trim()) : part, depth + 1) is not { } argument)
            {
                return null;
            }

            arguments.Add(argument);
        }

        return new TypeText(core[..open], arguments, suffix);
    }

    // An element of a tuple may have a name behind its type.
    private static string WithoutName(string element)
    {
        List<string> words = Rpc.Declaration.Split(element, ' ');
        return words.Count > 1 ? string.Join(' ', words.SkipLast(1)) : element;
    }
}
