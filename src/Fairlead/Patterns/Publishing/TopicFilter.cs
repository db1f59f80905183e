using System.Globalization;
using System.Text;
using Fairlead.Framing;

namespace Fairlead;

/// <summary>Checks topics and topic patterns, and matches them.</summary>
/// <remarks>
/// A topic consists of words separated by dots: <c>eu.bond.10y</c>. In a pattern, <c>*</c> stands for one word, and <c>&gt;</c> at the end
/// for one or more. NATS subjects have the same syntax.
/// </remarks>
public static class TopicFilter
{
    /// <summary>The longest topic or pattern, in UTF-8 bytes.</summary>
    public const int LongestTopic = HeadReader.LongestTopic;

    /// <summary>Returns whether the topic matches the pattern. Both must be valid.</summary>
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> topic)
    {
        while (true)
        {
            ReadOnlySpan<char> wanted = NextWord(ref pattern, out bool patternGoesOn);
            if (wanted is ">")
            {
                return true;
            }

            ReadOnlySpan<char> word = NextWord(ref topic, out bool topicGoesOn);
            if (wanted is not "*" && !wanted.SequenceEqual(word))
            {
                return false;
            }

            if (!patternGoesOn || !topicGoesOn)
            {
                return patternGoesOn == topicGoesOn;
            }
        }
    }

    /// <summary>Throws if the text is not a topic to publish on.</summary>
    /// <exception cref="ArgumentException">
    /// The text has empty words, wildcards, white space or characters without a shape, or is too long.
    /// </exception>
    public static void CheckTopic(string topic)
    {
        if ((Problem(topic, isPattern: false) ?? Unreadable(topic)) is { } problem)
        {
            throw new ArgumentException($"'{PlainText.OneLine(topic)}' is not a topic: {problem}.", nameof(topic));
        }
    }

    /// <summary>Throws if the text is not a pattern to subscribe to.</summary>
    /// <exception cref="ArgumentException">
    /// The text has empty words, a <c>&gt;</c> before the last word, white space, or characters without a shape, or is too long.
    /// </exception>
    public static void CheckPattern(string pattern)
    {
        if ((Problem(pattern, isPattern: true) ?? Unreadable(pattern)) is { } problem)
        {
            throw new ArgumentException($"'{PlainText.OneLine(pattern)}' is not a topic pattern: {problem}.", nameof(pattern));
        }
    }

    /// <summary>Returns which rule a text breaks, or null. Texts of other programs obey only these rules.</summary>
    internal static string? Problem(string text, bool isPattern)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Encoding.UTF8.GetByteCount(text) is 0 or > LongestTopic)
        {
            return $"its length must be 1 to {LongestTopic} bytes in UTF-8";
        }

        ReadOnlySpan<char> rest = text;
        bool goesOn = true;
        while (goesOn)
        {
            ReadOnlySpan<char> word = NextWord(ref rest, out goesOn);
            if (word.IsEmpty)
            {
                return "a word between dots is empty";
            }

            if (word.IndexOfAny(' ', '\t', '\n') >= 0 || word.ContainsAnyInRange('\0', '\u001f'))
            {
                return "words must not contain white space";
            }

            bool isWildcard = word is "*" or ">";
            if (!isPattern && isWildcard)
            {
                return "wildcards are allowed only in subscriptions";
            }

            if (word is ">" && goesOn)
            {
                return "'>' must be the last word";
            }
        }

        return null;
    }

    /// <summary>Returns what makes a text look like another one, or null. Only the texts of this process are judged so.</summary>
    private static string? Unreadable(string text)
    {
        if (Ascii.IsValid(text))
        {
            // The one control character that the rules of words leave.
            return text.Contains('\u007f', StringComparison.Ordinal) ? "it has the control character U+007F" : null;
        }

        for (int i = 0; i < text.Length; i++)
        {
            char character = text[i];
            if (char.IsSurrogate(character))
            {
                if (i + 1 == text.Length || !char.IsSurrogatePair(character, text[i + 1]))
                {
                    return Inform(character, "half of a pair, which UTF-8 cannot hold:");
                }

                i++;
            }
            else if (char.IsWhiteSpace(character) || char.IsControl(character) || IsInvisible(character))
            {
                return Inform(character, "a character that a reader does not see:");
            }
        }

        return null;
    }

    private static string Inform(char character, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"it has {what} U+{(int)character:X4}");

    // Not the joiners U+200C and U+200D, which words of some languages need.
    private static bool IsInvisible(char character) =>
        character is '\u00ad' or '\u180e' or '\u200b' or '\u200e' or '\u200f' or '\ufeff'
            or (>= '\u202a' and <= '\u202e')
            or (>= '\u2060' and <= '\u206f');

    private static ReadOnlySpan<char> NextWord(ref ReadOnlySpan<char> rest, out bool goesOn)
    {
        int dot = rest.IndexOf('.');
        goesOn = dot >= 0;
        ReadOnlySpan<char> word = goesOn ? rest[..dot] : rest;
        rest = goesOn ? rest[(dot + 1)..] : default;
        return word;
    }
}
