using System.Globalization;

namespace Fairlead.Tests;

public sealed class AddressTests
{
    [Theory]
    [InlineData("unix://orders", "unix", "orders")]
    [InlineData("UNIX://orders", "unix", "orders")]
    [InlineData("unix:///tmp/orders", "unix", "/tmp/orders")]
    [InlineData("unix:///tmp/my%20orders", "unix", "/tmp/my orders")]
    [InlineData("unix:///tmp/100%25", "unix", "/tmp/100%")]
    [InlineData("unix:///tmp/größe", "unix", "/tmp/größe")]
    [InlineData("unix:///tmp/gr%C3%B6%C3%9Fe", "unix", "/tmp/größe")]
    [InlineData("unix:///tmp/a?framing=line", "unix", "/tmp/a")]
    [InlineData("unix://@any thing/at:all", "unix", "@any thing/at:all")]
    [InlineData("unixpacket://a.b_c-d", "unixpacket", "a.b_c-d")]
    [InlineData("fifo://a,b", "fifo", "a,b")]
    [InlineData("fd://3,4", "fd", "3,4")]
    [InlineData("sysv://0x5242", "sysv", "0x5242")]
    [InlineData("amqp://one,two:5673/%2F?name=n", "amqp", "one,two:5673//")]
    public void A_scheme_and_a_place_are_read(string text, string scheme, string place)
    {
        var address = Address.Parse(text);

        Assert.Equal(scheme, address.Scheme);
        Assert.Equal(place, address.Place);
    }

    [Theory]
    [InlineData("tcp://localhost:5242", "localhost", 5242, "tcp://localhost:5242")]
    [InlineData("tcp://DB1.Example:00080", "db1.example", 80, "tcp://db1.example:80")]
    [InlineData("tls://0.0.0.0:0", "0.0.0.0", 0, "tls://0.0.0.0:0")]
    [InlineData("tcp://*:5242", "*", 5242, "tcp://*:5242")]
    [InlineData("tcp://:5242", "*", 5242, "tcp://*:5242")]
    [InlineData("udp://[::1]:65535", "::1", 65535, "udp://[::1]:65535")]
    [InlineData("tcp://[FE80::1%25Eth0]:5000", "fe80::1%Eth0", 5000, "tcp://[fe80::1%25Eth0]:5000")]
    [InlineData("tcp://[fe80::1%eb0]:5000", "fe80::1%eb0", 5000, "tcp://[fe80::1%25eb0]:5000")]
    [InlineData("tls://[fe80::1%2]:5000?wait=5s", "fe80::1%2", 5000, "tls://[fe80::1%252]:5000?wait=5s")]
    [InlineData("udp://[ff02::1234%eth0]:5000", "ff02::1234%eth0", 5000, "udp://[ff02::1234%25eth0]:5000")]
    [InlineData("udp://[FE80::1%25eth0]:1", "fe80::1%eth0", 1, "udp://[fe80::1%25eth0]:1")]
    public void Host_and_port_are_read(string text, string host, int port, string normal)
    {
        var address = Address.Parse(text);

        Assert.Equal(host, address.Host);
        Assert.Equal(port, address.Port);
        Assert.Equal(normal, address.ToString());
    }

    [Theory]
    [InlineData("", "the address is empty")]
    [InlineData("orders", "begins with a scheme")]
    [InlineData("unx://orders", "did you mean 'unix'?")]
    [InlineData("http://orders", "Known schemes: inproc, shm")]
    [InlineData("unix://", "the place after '://' is missing")]
    [InlineData("unix://.", "is not a name")]
    [InlineData("unix://..", "is not a name")]
    [InlineData("unix://../x", "neither a name nor an absolute path")]
    [InlineData("unix://a/b", "unix:///path for a path")]
    [InlineData("unix://a b", "is not a name")]
    [InlineData("unix://größe", "letters, digits")]
    [InlineData("unix://a%00b", "NUL")]
    [InlineData("unix:///tmp/", "names a directory")]
    [InlineData("unix:///tmp/..", "names a directory")]
    [InlineData("unix://@", "abstract name after '@' is missing")]
    [InlineData("unix:///tmp/%zz", "two hexadecimal digits")]
    [InlineData("unix:///tmp/%4", "two hexadecimal digits")]
    [InlineData("unix:///tmp/%FF", "not UTF-8")]
    [InlineData("shm:///tmp/x", "accepts a name, not a path")]
    [InlineData("inproc://@x", "is not a name")]
    [InlineData("fifo://a,b,c", "more than two names")]
    [InlineData("fifo://a,", "a name is missing")]
    [InlineData("fd://x,y", "is not a name")]
    [InlineData("fd://-1", "is not a descriptor")]
    [InlineData("fd://1,2,3", "is not a descriptor")]
    [InlineData("tcp://localhost", "the port is missing")]
    [InlineData("tcp://localhost:", "is not a port")]
    [InlineData("tcp://localhost:65536", "is not a port")]
    [InlineData("tcp://localhost:+1", "is not a port")]
    [InlineData("tcp://[]:5242", "is not an IPv6 address")]
    [InlineData("tcp://*a:5242", "is not a host name")]
    [InlineData("tcp://::1:5242", "in brackets")]
    [InlineData("tcp://[::1", "']'")]
    [InlineData("tcp://[::1]5242", "the port is missing")]
    [InlineData("tcp://[fe80::1%]:5242", "is not an IPv6 address")]
    [InlineData("tcp://[fe80::1%25]:5242", "is not an IPv6 address")]
    [InlineData("tcp://[eth0%fe80::1]:5242", "is not an IPv6 address")]
    [InlineData("tcp://[localhost]:5242", "is not an IPv6 address")]
    [InlineData("tcp://a/b:5242", "is not a host name")]
    [InlineData("amqp:///vhost", "the broker's host is missing")]
    [InlineData("unix://a?b", "option 'b' has no value")]
    [InlineData("unix://a?=b", "has no name")]
    [InlineData("unix://a?b=1&b=2", "given twice")]
    [InlineData("unix://a?b=1&&c=2", "has no name")]
    [InlineData("unix://a?b/c=1", "is not an option name")]
    [InlineData("unix://a?b=%", "cannot be read")]
    public void A_malformed_address_is_refused_with_the_reason(string text, string reason)
    {
        var refused = Assert.Throws<AddressFormatException>(() => Address.Parse(text));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Equal(text, refused.Text);
        Assert.False(Address.TryParse(text, out _));
    }

    [Fact]
    public void Half_a_character_is_refused() =>
        Assert.Contains(
            "not valid Unicode",
            Assert.Throws<AddressFormatException>(() => Address.Parse("unix:///tmp/\ud800")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_name_has_a_hundred_bytes_at_the_most()
    {
        Assert.Equal(100, Address.Parse("unix://" + new string('n', 100)).Place.Length);
        Assert.Contains(
            "101 bytes",
            Assert.Throws<AddressFormatException>(() => Address.Parse("unix://" + new string('n', 101))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_abstract_name_has_a_hundred_and_seven_bytes_at_the_most()
    {
        Assert.True(Address.Parse("unix://@" + new string('n', 107)).IsAbstract);
        Assert.Contains(
            "108 bytes",
            Assert.Throws<AddressFormatException>(() => Address.Parse("unix://@" + new string('ö', 54))).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unix://orders", true, false, false)]
    [InlineData("unix:///orders", false, true, false)]
    [InlineData("unix://@orders", false, false, true)]
    [InlineData("unix:///a,b", false, true, false)]
    [InlineData("fifo://a,b", false, false, false)]
    [InlineData("tcp://orders:1", false, false, false)]
    [InlineData("fd://3", false, false, false)]
    [InlineData("amqp://orders", false, false, false)]
    public void An_address_reports_whether_it_is_a_name_a_path_or_an_abstract_name(string text, bool name, bool path, bool abstractName)
    {
        var address = Address.Parse(text);

        Assert.Equal((name, path, abstractName), (address.IsBareName, address.IsPath, address.IsAbstract));
    }

    [Fact]
    public void Options_keep_their_order_and_values()
    {
        Address address = "shm://orders?capacity=1MiB&full=drop-oldest&note=a%26b%3Dc%20d+e&empty=";

        Assert.Equal(["capacity", "full", "note", "empty"], address.Options.Select(option => option.Key));
        Assert.Equal("1MiB", address.Option("capacity"));
        Assert.Equal("a&b=c d+e", address.Option("note"));
        Assert.Equal("", address.Option("empty"));
        Assert.Null(address.Option("Capacity"));
    }

    [Fact]
    public void Options_are_added_replaced_and_removed_without_changing_the_address()
    {
        Address address = "unix://a?x=1&y=2";

        Assert.Equal("unix://a?x=3&y=2", address.With("x", "3").ToString());
        Assert.Equal("unix://a?x=1&y=2&z=a%26b%3F", address.With("z", "a&b?").ToString());
        Assert.Equal("unix://a?y=2", address.Without("x").ToString());
        Assert.Same(address, address.Without("z"));
        Assert.Equal("unix://a?x=1&y=2", address.ToString());
        Assert.Throws<AddressFormatException>(() => address.With("no name", "1"));
        Assert.Throws<AddressFormatException>(() => address.With("x", "a\0b"));
    }

    [Fact]
    public void A_port_is_replaced()
    {
        Assert.Equal("tcp://[::1]:5242?wait=5s", Address.Parse("tcp://[::1]:0?wait=5s").WithPort(5242).ToString());
        Assert.Throws<InvalidOperationException>(() => Address.Parse("unix://a").WithPort(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Address.Parse("tcp://a:1").WithPort(65536));
    }

    [Fact]
    public void Addresses_with_the_same_normal_form_are_equal()
    {
        Assert.Equal(Address.Parse("UNIX:///tmp/%61?x=%62"), Address.Parse("unix:///tmp/a?x=b"));
        Assert.Equal(Address.Parse("tcp://LOCALHOST:080").GetHashCode(), Address.Parse("tcp://localhost:80").GetHashCode());
        Assert.NotEqual(Address.Parse("unix://a"), Address.Parse("unixpacket://a"));
        Assert.True(Address.Parse("unix://a") == "unix://a");
    }

    [Fact]
    public void A_brokers_separators_keep_their_meaning()
    {
        Address address = "amqp://user:p%40ss%2Fword@host%2D1/%2F";

        Assert.Equal("amqp://user:p%40ss%2Fword@host-1/%2F", address.ToString());
    }

    [Fact]
    public void Errors_do_not_contain_a_brokers_password()
    {
        Address address = "amqps://user:secret@host/v?name=n";

        var error = new FairleadException(ErrorCode.Unavailable, "the broker refused") { Address = address };

        Assert.Equal("amqps://user:***@host/v?name=n: the broker refused", error.Message);
        Assert.DoesNotContain(
            "secret", Assert.Throws<AddressFormatException>(() => address.RequireKnown([])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_address_reads_back_as_itself()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var round = 0; round < 20_000; round++)
        {
            Address made;
            try
            {
                made = Make(random);
            }
            catch (AddressFormatException refused)
            {
                Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"seed {seed}, round {round}: {refused.Message}"));
                throw;
            }

            var again = Address.Parse(made.ToString());
            Assert.True(
                again == made
                    && again.Place == made.Place
                    && again.Host == made.Host
                    && again.Port == made.Port
                    && again.Options.SequenceEqual(made.Options),
                string.Create(CultureInfo.InvariantCulture, $"seed {seed}, round {round}: {made} became {again}"));
        }
    }

    [Fact]
    public void The_parser_accepts_or_refuses_any_text()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        string[] pieces =
        [
            "unix",
            "tcp",
            "fifo",
            "amqp",
            "fd",
            "://",
            ":",
            "/",
            "?",
            "&",
            "=",
            "%",
            "%41",
            "%ff",
            "@",
            "[",
            "]",
            ",",
            ".",
            "..",
            "\0",
            "\ud83d",
            "\ude00",
            "é",
            " ",
            "0",
            "65536",
            "name",
        ];
        for (var round = 0; round < 50_000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => pieces[random.Next(pieces.Length)]));
            if (Address.TryParse(text, out var address))
            {
                Assert.True(Address.Parse(address.ToString()) == address, $"seed {seed}: {text}");
            }
            else
            {
                Assert.NotEmpty(Assert.Throws<AddressFormatException>(() => Address.Parse(text)).Message);
            }
        }
    }

    private static Address Make(Random random)
    {
        var address = random.Next(6) switch
        {
            0 => Address.Parse($"unix://{Text(random, "abcXYZ019._-", 1, 40)}x"),
            1 => Address.Parse($"fifo:///{Uri.EscapeDataString(Text(random, AnyCharacters, 0, 60))}x"),
            2 => Address.Parse($"unixgram://@{Uri.EscapeDataString(Text(random, AnyCharacters, 1, 20))}"),
            3 => Address.Parse($"tcp://h{Text(random, "abc.-1", 0, 20)}:{random.Next(65536)}"),
            4 => Address.Parse($"udp://[{new System.Net.IPAddress(Bytes(random, 16))}]:{random.Next(65536)}"),
            _ => Address.Parse(
                $"amqp://{Uri.EscapeDataString(Text(random, AnyCharacters, 1, 20))}@host,other:1/"
                    + Uri.EscapeDataString(Text(random, AnyCharacters, 0, 20))
            ),
        };
        for (var option = random.Next(4); option > 0; option--)
        {
            address = address.With(Text(random, "abcdef-", 1, 6), Text(random, AnyCharacters, 0, 12));
        }

        return address;
    }

    private const string AnyCharacters = "abz019 %?#&=+/:@,[]\\\"'<>|~\t\n\u0085\u00a0éß漢\u2028\ufeff";

    private static string Text(Random random, string characters, int shortest, int longest) =>
        string.Create(random.Next(shortest, longest + 1), (random, characters), static (text, source) =>
        {
            for (var i = 0; i < text.Length; i++)
            {
                text[i] = source.characters[source.random.Next(source.characters.Length)];
            }
        });

    private static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
