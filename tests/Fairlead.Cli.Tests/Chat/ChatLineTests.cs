using System.Text;
using Fairlead.Cli.Chat;

namespace Fairlead.Cli.Tests.Chat;

/// <summary>The meaning of a line of a chat.</summary>
public sealed class ChatLineTests
{
    [Theory]
    [InlineData("hello", "Say", "", "hello")]
    [InlineData("", "Say", "", "")]
    [InlineData("@3 hello you", "Tell", "3", "hello you")]
    [InlineData("@ada  hello ", "Tell", "ada", "hello")]
    [InlineData("@3", "Tell", "3", "")]
    [InlineData("@ home", "Say", "", "@ home")]
    [InlineData("@@3 hello", "Say", "", "@3 hello")]
    [InlineData("//who", "Say", "", "/who")]
    [InlineData("end", "Leave", "", "")]
    [InlineData("/quit", "Leave", "", "")]
    [InlineData("ending", "Say", "", "ending")]
    [InlineData("/who", "Who", "", "")]
    [InlineData("/name ada", "Name", "", "ada")]
    [InlineData("/etc/passwd is a file", "Unknown", "/etc/passwd", "/etc/passwd is a file")]
    public void A_line_is_parsed_as_text_private_message_or_command(string line, string verb, string target, string text)
    {
        var parsed = ChatLine.Parse(line);

        Assert.Equal((verb, target, text), (parsed.Verb.ToString(), parsed.Target, parsed.Text));
    }

    [Theory]
    [InlineData("ada", true)]
    [InlineData("ada-2", true)]
    [InlineData("Zoë", true)]
    [InlineData("2", false)]
    [InlineData("2ada", false)]
    [InlineData("", false)]
    [InlineData("a b", false)]
    [InlineData("Server", false)]
    [InlineData("a23456789012345678901234567890123", false)]
    public void A_name_is_a_word_that_begins_with_a_letter(string name, bool isValid) => Assert.Equal(isValid, ChatName.IsValid(name));

    [Theory]
    [InlineData("hello", "hello")]
    [InlineData("\0hello", "hello")]
    [InlineData("hello\0", "hello")]
    [InlineData("hello\r", "hello")]
    [InlineData("\0", "")]
    [InlineData("\e[31mred", " [31mred")]
    public void NUL_and_CR_around_a_received_text_are_removed(string sent, string text) =>
        Assert.Equal(text, ChatText.Of(Encoding.UTF8.GetBytes(sent)));
}
