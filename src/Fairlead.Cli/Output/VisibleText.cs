using System.Text;

namespace Fairlead.Cli.Output;

/// <summary>
/// Text from another program (a reason, a topic, a payload), made harmless for display. Control characters could control the terminal or
/// forge a line, and marks of writing direction could disguise one. Each becomes a space.
/// </summary>
internal static class VisibleText
{
    /// <summary>Returns a text as a part of one of the tool's lines.</summary>
    public static string OneLine(string text) => Replace(text, kept: "");

    /// <summary>Returns a payload for a terminal: it keeps its lines and tabs.</summary>
    public static string Lines(ReadOnlySpan<byte> payload) => Replace(Encoding.UTF8.GetString(payload), kept: "\n\t");

    private static string Replace(string text, string kept) =>
        text.Any(IsUnfit) ? string.Concat(text.Select(c => IsUnfit(c) && !kept.Contains(c) ? ' ' : c)) : text;

    private static bool IsUnfit(char c) =>
        char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
