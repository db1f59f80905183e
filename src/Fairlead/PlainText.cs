namespace Fairlead;

/// <summary>Text of others, made fit for a terminal and a table.</summary>
internal static class PlainText
{
    /// <summary>
    /// One line: what is no visible character (control characters, which could steer a terminal, and marks that turn the direction of
    /// writing) becomes a space.
    /// </summary>
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
