using System.Text.RegularExpressions;

namespace Fairlead.Docs.Tests.Prose;

/// <summary>
/// Finds sentences that a reader has to read twice. The rules are a floor: a sentence that passes them may still be bad, but one that
/// breaks them is.
/// </summary>
internal static partial class ProseLint
{
    private const int MostWords = 35;

    /// <summary>Returns what the rules find in the whole repository.</summary>
    public static IEnumerable<Finding> Check() => ProseFiles.All.SelectMany(static path => Check(path, Repository.Read(path)));

    /// <summary>Returns what the rules find in the files that are one of these paths or lie below one of them.</summary>
    public static IEnumerable<Finding> Check(IReadOnlyCollection<string> prefixes) =>
        ProseFiles.Under(prefixes).SelectMany(static path => Check(path, Repository.Read(path)));

    /// <summary>Returns what the rules find in a text, which is read as what the name of its file says.</summary>
    public static IEnumerable<Finding> Check(string path, string text)
    {
        IEnumerable<Passage> passages =
            path.EndsWith(".cs", StringComparison.Ordinal) ? CSharpProse.Read(text) : MarkdownProse.Read(text);
        foreach (Passage passage in passages)
        {
            string prose = Clean(passage.Text, passage.Kind);
            foreach ((int start, string sentence) in Sentences(prose))
            {
                int line = passage.Line + prose.AsSpan(0, start).Count('\n');
                foreach (string rule in Rules(sentence, path, passage.Kind))
                {
                    yield return new(path, line, rule, Space().Replace(sentence, " "));
                }
            }
        }
    }

    private static IEnumerable<string> Rules(string sentence, string path, PassageKind kind)
    {
        if (Person().IsMatch(sentence))
        {
            yield return "a person";
        }

        if (Unnamed().IsMatch(sentence))
        {
            yield return "an unnamed person";
        }

        if (path.StartsWith("tests/", StringComparison.Ordinal))
        {
            yield break;
        }

        int words = Word().Count(sentence);
        if (words > MostWords)
        {
            yield return $"{words} words";
        }

        bool isForUsers = kind is PassageKind.PublicComment or PassageKind.Page or PassageKind.Heading
            || (kind == PassageKind.Literal && path.StartsWith("src/", StringComparison.Ordinal));
        if (!isForUsers)
        {
            yield break;
        }

        if (kind != PassageKind.Heading && Start().Match(sentence) is { Success: true } start)
        {
            yield return $"begins with {start.Groups[1].Value}";
        }

        foreach (string rule in AvoidedWords.In(sentence))
        {
            yield return rule;
        }

        if (path != RetiredTerms.Glossary)
        {
            foreach ((string retired, string standard) in RetiredTerms.In(sentence))
            {
                yield return $"\"{retired}\" is {standard}";
            }
        }
    }

    /// <summary>
    /// Puts an X for each piece of code and each reference, a paragraph sign for each border between texts, and keeps the line breaks.
    /// </summary>
    private static string Clean(string text, PassageKind kind)
    {
        if (kind is PassageKind.Page or PassageKind.Heading)
        {
            return Link().Replace(CodeSpan().Replace(text, Replacement("X")), "$1").Replace("**", "", StringComparison.Ordinal);
        }

        string prose = CodeElement().Replace(text, Replacement("X"));
        prose = Reference().Replace(prose, Replacement("X"));
        prose = Element().Replace(prose, Replacement(" \u00b6 "));
        return CodeSpan().Replace(Tag().Replace(prose, Replacement("")), Replacement("X"));
    }

    private static MatchEvaluator Replacement(string mark) => match => mark + new string('\n', match.Value.AsSpan().Count('\n'));

    private static IEnumerable<(int Start, string Text)> Sentences(string prose)
    {
        int start = 0;
        foreach (Match end in SentenceEnd().Matches(prose))
        {
            string sentence = prose[start..end.Index];
            if (sentence.Trim().Length > 0)
            {
                yield return (start + sentence.Length - sentence.TrimStart().Length, sentence.Trim());
            }

            start = end.Index + end.Length;
        }

        string last = prose[start..];
        if (last.Trim().Length > 0)
        {
            yield return (start + last.Length - last.TrimStart().Length, last.Trim());
        }
    }

    [GeneratedRegex(@"(?<=[.!?:;]["")]?)\s+|\u00b6|\s*<br>\s*")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"\S*\w\S*")]
    private static partial Regex Word();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    /// <summary>A word that puts the subject behind it. A question may begin so, and so may the short head of a column.</summary>
    [GeneratedRegex(@"^\W*(Of(?!\s+course\b)|Where|Who)\b(?=(\s+\S+){3})(?!.*\?)", RegexOptions.Singleline)]
    private static partial Regex Start();

    [GeneratedRegex(@"\b(he|him|his|himself)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Person();

    /// <summary>Not the host or name of an address, such as unix://nobody.</summary>
    [GeneratedRegex(@"(?<!/)\b((some|any)body|someone|nobody)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Unnamed();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex("<(c|code)>.*?</(c|code)>", RegexOptions.Singleline)]
    private static partial Regex CodeElement();

    [GeneratedRegex(@"<(see|seealso|paramref|typeparamref|inheritdoc)\s[^>]*/>")]
    private static partial Regex Reference();

    [GeneratedRegex("</?(para|item|term|description|summary|remarks|returns|exception|param|typeparam|value|list)[^>]*>")]
    private static partial Regex Element();

    [GeneratedRegex("<[a-z/][^>]*>")]
    private static partial Regex Tag();
}
