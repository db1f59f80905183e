namespace Fairlead;

/// <summary>Makes foreign text safe for a terminal and a table.</summary>
internal static class PlainText
{
    /// <summary>Returns one line in which a space replaces each invisible character.</summary>
    /// <remarks>These are control characters, which could control a terminal, and marks that change the direction of writing.</remarks>
    public static string OneLine(string text)
    {
        var first = -1;
        for (var i = 0; i < text.Length && first < 0; i++)
        {
            first = IsUnfit(text[i]) ? i : -1;
        }

        return first < 0 ? text : string.Create(text.Length, text, static (line, source) =>
        {
            for (var i = 0; i < line.Length; i++)
            {
                line[i] = IsUnfit(source[i]) ? ' ' : source[i];
            }
        });
    }

    /// <summary>Returns the text, or its beginning and an ellipsis: at most so many characters, and no half of a surrogate pair.</summary>
    public static string Cut(string text, int longest)
    {
        if (text.Length <= longest)
        {
            return text;
        }

        int kept = char.IsHighSurrogate(text[longest - 2]) ? longest - 2 : longest - 1;
        return string.Concat(text.AsSpan(0, kept), "…");
    }

    private static bool IsUnfit(char c) =>
        char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
