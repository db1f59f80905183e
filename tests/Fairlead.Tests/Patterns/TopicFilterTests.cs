namespace Fairlead.Tests.Patterns;

/// <summary>The rule itself, as programs may query it.</summary>
public sealed class TopicFilterTests
{
    [Theory]
    [InlineData("a", "a", true)]
    [InlineData("a", "b", false)]
    [InlineData("a", "A", false)]
    [InlineData("a", "ab", false)]
    [InlineData("a", "a.b", false)]
    [InlineData("a.b", "a", false)]
    [InlineData("*", "a", true)]
    [InlineData("*", "a.b", false)]
    [InlineData("*.b", "a.b", true)]
    [InlineData("a.*", "a", false)]
    [InlineData("a.*.c", "a.b.c", true)]
    [InlineData("a.*.c", "a.b.d", false)]
    [InlineData("a.*.c", "a.b.b.c", false)]
    [InlineData(">", "a", true)]
    [InlineData(">", "a.b.c", true)]
    [InlineData("a.>", "a.b.c", true)]
    [InlineData("a.>", "a", false)]
    [InlineData("a.>", "b.c", false)]
    [InlineData("*.>", "a.b", true)]
    [InlineData("a*", "ab", false)]
    [InlineData("a*", "a*", true)]
    public void A_topic_matches_a_pattern_or_not(string pattern, string topic, bool fits)
    {
        TopicFilter.CheckPattern(pattern);
        TopicFilter.CheckTopic(topic);
        Assert.Equal(fits, TopicFilter.Matches(pattern, topic));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a..b")]
    [InlineData("a.")]
    [InlineData("a b")]
    [InlineData("a\u0001")]
    public void An_invalid_topic_or_pattern_is_refused_with_the_reason(string text)
    {
        Assert.Equal("topic", Assert.Throws<ArgumentException>(() => TopicFilter.CheckTopic(text)).ParamName);
        Assert.Equal("pattern", Assert.Throws<ArgumentException>(() => TopicFilter.CheckPattern(text)).ParamName);
    }

    [Theory]
    [InlineData("a\u00a0b", "U+00A0")]
    [InlineData("a\u2028b", "U+2028")]
    [InlineData("a\u0085b", "U+0085")]
    [InlineData("a\u007fb", "U+007F")]
    [InlineData("a\u200bb", "U+200B")]
    [InlineData("a\u202eb", "U+202E")]
    [InlineData("\ufeffa", "U+FEFF")]
    public void A_text_with_a_confusable_character_is_refused_with_that_character(string text, string character)
    {
        Assert.Contains(character, Assert.Throws<ArgumentException>(() => TopicFilter.CheckTopic(text)).Message, StringComparison.Ordinal);
        var pattern = Assert.Throws<ArgumentException>(() => TopicFilter.CheckPattern(text));
        Assert.Contains(character, pattern.Message, StringComparison.Ordinal);
        using Publisher publisher = Publisher.Bind($"inproc://unreadable-{Guid.NewGuid():N}");
        Assert.Throws<ArgumentException>(() => publisher.Publish(text, "x"u8));
        Assert.Throws<ArgumentException>(() => Subscriber.Connect(publisher.Address, text));
    }

    [Fact]
    public void Unpaired_surrogates_are_refused_in_topics_and_patterns()
    {
        foreach (string text in new[] { "a\ud800", "a\ud801", "a\udc00", "\ud800a" })
        {
            Assert.Throws<ArgumentException>(() => TopicFilter.CheckTopic(text));
            Assert.Throws<ArgumentException>(() => TopicFilter.CheckPattern(text));
        }
    }

    [Theory]
    [InlineData("prijs.😀")]
    [InlineData("می\u200cخواهم")]
    [InlineData("👩\u200d💻.日本")]
    public void Words_of_every_language_are_topics(string text)
    {
        TopicFilter.CheckTopic(text);
        TopicFilter.CheckPattern(text);
    }

    [Fact]
    public void Wildcards_are_valid_only_in_patterns_and_a_greater_than_sign_only_at_the_end()
    {
        TopicFilter.CheckPattern("*.b.>");
        ArgumentException wildcard = Assert.Throws<ArgumentException>(static () => TopicFilter.CheckTopic("*.b"));
        Assert.Contains("wildcards are allowed only in subscriptions", wildcard.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(static () => TopicFilter.CheckTopic("b.>"));
        ArgumentException goesOn = Assert.Throws<ArgumentException>(static () => TopicFilter.CheckPattern("a.>.b"));
        Assert.Contains("must be the last word", goesOn.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_longest_topic_is_counted_in_bytes()
    {
        // Two bytes each.
        string longest = new('é', TopicFilter.LongestTopic / 2);
        TopicFilter.CheckTopic(longest);
        TopicFilter.CheckPattern(longest);
        Assert.Throws<ArgumentException>(() => TopicFilter.CheckTopic(longest + "x"));
        Assert.Throws<ArgumentException>(() => TopicFilter.CheckPattern(longest + "x"));
        using Publisher publisher = Publisher.Bind($"inproc://longest-{Guid.NewGuid():N}");
        using Subscriber subscriber = Subscriber.Connect(publisher.Address, longest);
        Assert.Equal(1, publisher.Publish(longest, "x"u8));
        using Message message = subscriber.Receive();
        Assert.Equal(longest, message.Topic);
    }
}
