using System.Text;
using Fairlead.Cli.Chat;

namespace Fairlead.Cli.Tests.Chat;

/// <summary>The bytes of keys, and what they do to the line that is being typed.</summary>
public sealed class LineEditorTests
{
    private readonly KeyReader _keys = new();
    private readonly LineEditor _editor = new();

    [Theory]
    [InlineData("helo\e[Dl", "hello")]
    [InlineData("ello\e[Hh", "hello")]
    [InlineData("ello\e[1~h", "hello")]
    [InlineData("ello\eOHh\eOF!", "hello!")]
    [InlineData("b\u0001a\u0005c", "abc")]
    [InlineData("abc\u007F\u007F", "a")]
    [InlineData("abc\u0001\e[3~", "bc")]
    [InlineData("abc\u0001\u0004", "bc")]
    [InlineData("one two\u0015three", "three")]
    [InlineData("one two\u0002\u0002\u0002\u000B", "one ")]
    [InlineData("one two  \u0017", "one ")]
    [InlineData("one two\e[1;5D\e[1;5D\u000Bx", "x")]
    [InlineData("one two\u0001\e[1;5C\u000B", "one")]
    [InlineData("one two\ebbig ", "one big two")]
    [InlineData("a\e[99;99Zb\ex\e[200~c", "abc")]
    [InlineData("\u0002\u0006\u007F\e[3~\u0017", "")]
    public void A_key_edits_the_line(string typed, string text)
    {
        Assert.Empty(Type(typed));
        Assert.Equal(text, _editor.Text);
    }

    [Theory]
    [InlineData("grün", 1, "grü")]
    [InlineData("日本語", 2, "日")]
    [InlineData("a👩‍👩‍👧b", 2, "a")]
    [InlineData("e\u0301e\u0301", 1, "e\u0301")]
    public void Backspace_deletes_a_whole_grapheme(string typed, int times, string text)
    {
        Type(typed);
        for (var i = 0; i < times; i++)
        {
            _editor.Press(Key.Backspace);
        }

        Assert.Equal(text, _editor.Text);
    }

    [Fact]
    public void Invalid_UTF8_bytes_are_dropped()
    {
        Take([(byte)'a', 0xFF, 0xC3, (byte)'b', 0xE2, 0x82, 0xAC, 0x80, (byte)'c']);

        Assert.Equal("ab€c", _editor.Text);
    }

    [Fact]
    public void History_keys_recall_earlier_lines_and_the_unfinished_line()
    {
        Assert.Equal(["one", "two", "two"], Type("one\rtwo\rtwo\n"));
        Type("thr\e[A");
        Assert.Equal("two", _editor.Text);
        Type("\u0010");
        Assert.Equal("one", _editor.Text);
        Type("\e[A");
        Assert.Equal("one", _editor.Text);
        Type("\e[B\e[B");
        Assert.Equal("thr", _editor.Text);
        Type("\u000Eee");
        Assert.Equal("three", _editor.Text);
    }

    [Theory]
    [InlineData("abc", 20, "\r> abc\e[K\r\e[5C")]
    [InlineData("abc\e[D", 20, "\r> abc\e[K\r\e[4C")]
    [InlineData("0123456789", 8, "\r> 6789\e[K\r\e[6C")]
    [InlineData("0123456789\u0001", 8, "\r> 01234\e[K\r\e[2C")]
    [InlineData("日本語日本語", 9, "\r> 本語\e[K\r\e[6C")]
    [InlineData("", 1, "\r> \e[K\r\e[2C")]
    public void A_long_line_scrolls_so_that_the_row_shows_the_cursor(string typed, int columns, string row)
    {
        Type(typed);

        Assert.Equal(row, _editor.Render("> ", columns));
    }

    private List<string> Type(string text) => Take(Encoding.UTF8.GetBytes(text));

    private List<string> Take(byte[] bytes)
    {
        List<string> lines = [];
        foreach (var value in bytes)
        {
            var (key, character) = _keys.Take(value);
            if (_editor.Press(key, character) is { } line)
            {
                lines.Add(line);
            }
        }

        return lines;
    }
}
