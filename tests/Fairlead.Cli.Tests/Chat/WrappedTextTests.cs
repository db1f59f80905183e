using Fairlead.Cli.Chat;

namespace Fairlead.Cli.Tests.Chat;

/// <summary>Long lines of others on a terminal.</summary>
public sealed class WrappedTextTests
{
    [Theory]
    [InlineData("short", 10, "short")]
    [InlineData("just wide!", 10, "just wide!")]
    [InlineData("one two three four", 9, "one two\nthree\nfour")]
    [InlineData("a  b", 3, "a \nb")]
    [InlineData("averylongword xy", 5, "averylongword\nxy")]
    [InlineData("averylongwo x y z", 5, "averylongwo x y\nz")]
    [InlineData("漢字 漢字", 5, "漢字\n漢字")]
    public void A_line_breaks_between_words(string line, int columns, string expected) =>
        Assert.Equal(expected, WrappedText.Of(line, columns));
}
