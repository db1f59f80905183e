using System.Text.RegularExpressions;

namespace Fairlead.Docs.Tests.Prose;

/// <summary>Words that are avoided in text for users, because they have two meanings, or none, each with what to write.</summary>
internal static partial class AvoidedWords
{
    private static readonly Dictionary<string, string> Advice = new(StringComparer.OrdinalIgnoreCase)
    {
        ["after a while"] = "a number",
        ["at once"] = "immediately, or at the same time",
        ["briefly"] = "a number",
        ["by itself"] = "automatically, or alone",
        ["by now"] = "nothing",
        ["for ever"] = "without limit, or nothing",
        ["in hand"] = "that the program has",
        ["in vain"] = "what failed",
        ["less and less"] = "a number",
        ["meanwhile"] = "while, or nothing",
        ["nearly"] = "a number",
        ["now and then"] = "a number",
        ["the former"] = "the noun",
        ["therefore"] = "so, or because",
    };

    /// <summary>Returns a finding for each avoided word of a sentence, once.</summary>
    public static IEnumerable<string> In(string sentence) =>
        Words()
            .Matches(sentence)
            .Select(static match => Space().Replace(match.Value, " ").ToLowerInvariant())
            .Distinct()
            .Select(static word => $"\"{word}\": write {Advice[word]}");

    [GeneratedRegex(
        @"\b(after\s+a\s+while|at\s+once|briefly|by\s+itself|by\s+now|for\s+ever|in\s+hand|in\s+vain|"
            + @"less\s+and\s+less|meanwhile|nearly|now\s+and\s+then|the\s+former|therefore)\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex Words();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
