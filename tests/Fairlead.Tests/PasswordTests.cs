using System.Text;
using Fairlead.Native.Processes;

namespace Fairlead.Tests;

public sealed class PasswordTests
{
    [Theory]
    [InlineData("amqp://eve:evepw@host/?name=q", "amqp://eve:***@host/?name=q")]
    [InlineData("AMQPS://eve:evepw@host:5671/v?name=q", "AMQPS://eve:***@host:5671/v?name=q")]
    [InlineData("amqp://:evepw@host/?name=q", "amqp://:***@host/?name=q")]
    [InlineData("amqp://eve:evepw@one,two/?name=a@b", "amqp://eve:***@one,two/?name=a@b")]
    [InlineData("amqp:/eve:evepw@host", "amqp:/eve:***@host")]
    [InlineData("amqp:///eve:evepw@host", "amqp:///eve:***@host")]
    [InlineData("amqp//eve:evepw@host", "amqp//eve:***@host")]
    [InlineData("amqp:eve:evepw@host", "amqp:***@host")]
    [InlineData("amqp:://eve:evepw@host", "amqp:***@host")]
    [InlineData("eve:evepw@host", "eve:***@host")]
    [InlineData("ampq://eve:evepw@host", "ampq://eve:***@host")]
    [InlineData("amqp ://eve:evepw@host", "amqp ://eve:***@host")]
    [InlineData("http://eve:evepw@host/x", "http://eve:***@host/x")]
    [InlineData("tcp://eve:evepw@host:5242", "tcp://eve:***@host:5242")]
    [InlineData("amqp://eve:evepw/evepw@host/?name=q", "amqp://eve:***@host/?name=q")]
    [InlineData("amqp://eve:evepw@evepw@host/?name=q", "amqp://eve:***@host/?name=q")]
    [InlineData("amqp://eve:evepw@evepw/evepw@host/?name=q", "amqp://eve:***@host/?name=q")]
    [InlineData("amqp://eve:evepw?evepw@host/?name=q", "amqp://eve:***@host/?name=q")]
    [InlineData("amqp://eve:evepw#evepw@host/?name=q", "amqp://eve:***@host/?name=q")]
    [InlineData("amqp://eve:evepw%4@host/?name=q", "amqp://eve:***@host/?name=q")]
    public void No_text_shows_the_password_of_an_address_however_it_is_misspelt(string text, string shown)
    {
        Assert.Equal(shown, AddressText.Display(text));
        if (!Address.TryParse(text, out Address? address))
        {
            AddressFormatException error = Assert.Throws<AddressFormatException>(() => Address.Parse(text));
            Assert.DoesNotContain("evepw", error.Message, StringComparison.Ordinal);
        }
        else
        {
            Assert.DoesNotContain("evepw", address.Display, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("unix://@a:b@c")]
    [InlineData("unix:///tmp/a:b@c")]
    [InlineData("tcp://[::1]:5242?label=a@b")]
    [InlineData("amqp://host:5672/?name=a@b")]
    [InlineData("amqp://host:5672/v?name=q&label=a@b")]
    [InlineData("amqp://eve@host/?name=q")]
    [InlineData("fifo:///a:b,c@d")]
    public void An_address_without_a_password_is_shown_whole(string text) => Assert.Equal(text, AddressText.Display(text));

    [Theory]
    [InlineData("/usr/bin/fairlead\0receive\0amqp://eve:evepw@host/?name=q\0", "fairlead receive amqp://eve:***@host/?name=q")]
    [InlineData("sh\0-c\0fairlead send 'amqps://eve:evepw@host/?name=q' x", "sh -c fairlead send 'amqps://eve:***@host/?name=q' x")]
    [InlineData("psql\0--url=postgres://eve:evepw@host/db", "psql --url=postgres://eve:***@host/db")]
    [InlineData("get\0http://host\0a:b@c", "get http://host a:b@c")]
    [InlineData("scp\0eve@host:file\0.", "scp eve@host:file .")]
    public void The_command_line_of_a_process_is_shown_without_passwords(string line, string shown) =>
        Assert.Equal(shown, CommandLineText.Of(Encoding.UTF8.GetBytes(line), cut: false));
}
