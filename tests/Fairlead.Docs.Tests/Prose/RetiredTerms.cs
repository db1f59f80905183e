using System.Text.RegularExpressions;

namespace Fairlead.Docs.Tests.Prose;

/// <summary>Words that Fairlead no longer uses in text for its users, each with the standard term of the glossary.</summary>
internal static partial class RetiredTerms
{
    public const string Glossary = "docs/glossary.md";

    private static readonly Dictionary<string, string> Standard = new(StringComparer.OrdinalIgnoreCase)
    {
        ["bell"] = "a doorbell",
        ["bells"] = "doorbells",
        ["crowd"] = "the admission limit",
        ["elision"] = "fence elision",
        ["foreign"] = "non-Fairlead",
        ["gives back"] = "returns or releases",
        ["given back"] = "returned or released",
        ["hastily"] = "spinning",
        ["keeper"] = "the robust-list owner thread",
        ["keepers"] = "robust-list owner threads",
        ["lend"] = "lease",
        ["lends"] = "leases",
        ["lent"] = "leased",
        ["linger"] = "the batching delay",
        ["lingers"] = "delays a batch",
        ["nudge"] = "wake",
        ["nudged"] = "woken",
        ["nudges"] = "wakes",
        ["passed over"] = "skipped",
        ["seat"] = "a slot",
        ["seats"] = "slots",
        ["short way"] = "the fast path",
    };

    /// <summary>Returns each retired word of a sentence, once, with the term that replaces it.</summary>
    public static IEnumerable<(string Retired, string Standard)> In(string sentence) =>
        Words()
            .Matches(sentence)
            .Select(static match => match.Value)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Select(static word => (word, Standard[word]));

    [GeneratedRegex(
        @"\b(bells?|crowd|(?<!fence )elision|gives back|given back|"
            + @"hastily|keepers?|lends?|lent|foreign|lingers?|nudge[sd]?|passed over|seats?|short way)\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex Words();
}
