using Fairlead.Framing;

namespace Fairlead;

/// <summary>
/// Topics and patterns of topics. A topic is words with dots between: <c>eu.bond.10y</c>. In a pattern <c>*</c> stands for one word, and
/// <c>&gt;</c> at the end for one or more. (The syntax is that of NATS subjects.)
/// </summary>
public static class TopicFilter
{
    /// <summary>Longest topic or pattern, in UTF-8 bytes.</summary>
    public const int LongestTopic = HeadReader.LongestTopic;

    /// <summary>Whether the topic fits the pattern. Both must be valid.</summary>
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

    /// <summary>Throws when the text is no topic to publish to.</summary>
    /// <exception cref="ArgumentException">Empty words, wildcards, white space, or too long.</exception>
    public static void CheckTopic(string topic)
    {
        if (Problem(topic, isPattern: false) is { } problem)
        {
            throw new ArgumentException($"'{topic}' is no topic: {problem}.", nameof(topic));
        }
    }

    /// <summary>Throws when the text is no pattern to subscribe to.</summary>
    /// <exception cref="ArgumentException">Empty words, a <c>&gt;</c> that is not the last word, white space, or too long.</exception>
    public static void CheckPattern(string pattern)
    {
        if (Problem(pattern, isPattern: true) is { } problem)
        {
            throw new ArgumentException($"'{pattern}' is no topic pattern: {problem}.", nameof(pattern));
        }
    }

    internal static string? Problem(string text, bool isPattern)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (System.Text.Encoding.UTF8.GetByteCount(text) is 0 or > LongestTopic)
        {
            return $"it must have 1 to {LongestTopic} bytes";
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
                return "words have no white space";
            }

            bool isWildcard = word is "*" or ">";
            if (!isPattern && isWildcard)
            {
                return "wildcards are for subscribing";
            }

            if (word is ">" && goesOn)
            {
                return "'>' must be the last word";
            }
        }

        return null;
    }

    private static ReadOnlySpan<char> NextWord(ref ReadOnlySpan<char> rest, out bool goesOn)
    {
        int dot = rest.IndexOf('.');
        goesOn = dot >= 0;
        ReadOnlySpan<char> word = goesOn ? rest[..dot] : rest;
        rest = goesOn ? rest[(dot + 1)..] : default;
        return word;
    }
}
