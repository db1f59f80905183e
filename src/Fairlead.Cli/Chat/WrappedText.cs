using System.Text;
using Spectre.Console;

namespace Fairlead.Cli.Chat;

/// <summary>Breaks a long line between words, where a terminal would break it within one.</summary>
internal static class WrappedText
{
    /// <param name="line">One line.</param>
    /// <param name="columns">The width of the terminal. A word that is wider is left to the terminal.</param>
    public static string Of(string line, int columns)
    {
        if (line.GetCellWidth() <= columns)
        {
            return line;
        }

        StringBuilder text = new();
        var width = 0;
        foreach (var word in line.Split(' '))
        {
            var more = word.GetCellWidth();
            if (text.Length > 0 && width + 1 + more <= columns)
            {
                text.Append(' ').Append(word);
                width += 1 + more;
                continue;
            }

            text.Append(text.Length > 0 ? "\n" : "").Append(word);

            // The terminal breaks a wider word, and its last row goes on.
            width = more <= columns ? more : more % columns;
        }

        return text.ToString();
    }
}
