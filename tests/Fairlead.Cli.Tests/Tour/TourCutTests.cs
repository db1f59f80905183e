using System.Text;
using Fairlead.Cli.Tour;

namespace Fairlead.Cli.Tests.Tour;

public sealed class TourCutTests
{
    [Theory]
    [InlineData("", new int[0])]
    [InlineData("\n", new[] { 1 })]
    [InlineData("a\n\nbc\n", new[] { 2, 1, 3 })]
    [InlineData("a\nlast", new[] { 2, 4 })]
    public void A_text_is_cut_into_lines_with_their_newlines(string text, int[] lengths) =>
        Assert.Equal(lengths, Lengths(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Binary_data_is_cut_into_blocks() => Assert.Equal([256, 256, 88], Lengths(new byte[600]));

    [Fact]
    public void Very_many_lines_are_cut_into_blocks()
    {
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("line\n", 100_000)));

        var lengths = Lengths(text);

        Assert.Equal(text.Length, lengths.Sum());
        Assert.Equal(256, lengths[0]);
    }

    [Fact]
    public void A_very_long_line_is_cut_into_blocks() => Assert.Equal(256, Lengths(Encoding.UTF8.GetBytes(new string('x', 100_000)))[0]);

    private static int[] Lengths(byte[] content)
    {
        using var stream = new MemoryStream(content);
        var cut = TourCut.Of(stream, "path");
        return [.. Enumerable.Range(0, cut.Count).Select(index => cut.Message(index).Length)];
    }
}
