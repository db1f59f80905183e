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

    private static bool IsUnfit(char c) =>
        char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
