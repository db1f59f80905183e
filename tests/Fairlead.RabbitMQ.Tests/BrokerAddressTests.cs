using Fairlead.Transports;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>Addresses of a broker, taken apart, and those that are refused before anything is connected.</summary>
public sealed class BrokerAddressTests
{
    [Fact]
    public void Nodes_virtual_host_and_credentials_are_read()
    {
        BrokerAddress broker = Read(
            "amqp://us%3Aer:p%40ss%2Fword@one,two:1234,[::1]:99/pro%2Fd?name=orders&durable=true&prefetch=7&deliveries=3");
        Assert.Equal(["one:5672", "two:1234", "[::1]:99"], broker.Nodes.Select(node => node.ToString()));
        Assert.Equal("pro/d", broker.VirtualHost);
        Assert.Equal(("us:er", "p@ss/word"), (broker.Credentials.User, broker.Credentials.Password));
        Assert.Equal("us:er", broker.Credentials.ToString());
        Assert.Equal(("orders", true, false), (broker.Name, broker.IsDurable, broker.IsUnique));
        Assert.Equal((7, 3), ((int)broker.Prefetch, broker.Deliveries!.Value));
        Assert.DoesNotContain("p%40ss", broker.Address.Display, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_parts_have_defaults()
    {
        BrokerAddress broker = Read("amqps://one?name=orders");
        Assert.Equal(["one:5671"], broker.Nodes.Select(node => node.ToString()));
        Assert.Equal(("/", "guest", 256), (broker.VirtualHost, broker.Credentials.User, (int)broker.Prefetch));
    }

    [Fact]
    public async Task A_publisher_with_a_store_is_refused_before_it_connects_or_opens_the_store()
    {
        string folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        PublisherOptions stored = new() { Store = Address.Parse($"log://{folder}/published") };
        foreach (Func<Task> open in new Func<Task>[]
        {
            () => Publisher.BindAsync("amqp://127.0.0.1:1?name=x", stored).AsTask(),
            () => Publisher.ConnectAsync("amqp://127.0.0.1:1?name=x", stored).AsTask(),
        })
        {
            Assert.Equal(ErrorCode.NotSupported, (await Assert.ThrowsAsync<FairleadException>(open)).Code);
        }

        Assert.False(Directory.Exists(folder));
    }

    /// <summary>It may stand there unescaped, as in the path of every URI.</summary>
    [Theory]
    [InlineData("amqp://one,two/v@h?name=orders", "guest", "guest")]
    [InlineData("amqp://user:p@ss@one,two/v@h?name=orders", "user", "p@ss")]
    public void An_at_sign_in_the_virtual_host_does_not_end_the_credentials(string address, string user, string password)
    {
        BrokerAddress broker = Read(address);
        Assert.Equal(["one:5672", "two:5672"], broker.Nodes.Select(node => node.ToString()));
        Assert.Equal("v@h", broker.VirtualHost);
        Assert.Equal((user, password), (broker.Credentials.User, broker.Credentials.Password));
    }

    [Theory]
    [InlineData("amqp://one", "name")]
    [InlineData("amqp://one?name=", "name")]
    [InlineData("amqp://one?name=amq.direct", "amq.")]
    [InlineData("amqp://one:port?name=x", "node")]
    [InlineData("amqp://one:0?name=x", "node")]
    [InlineData("amqp://one,?name=x", "node")]
    [InlineData("amqp://o ne?name=x", "")]
    [InlineData("amqp://one?name=x&durable=yes", "durable")]
    [InlineData("amqp://one?name=x&prefetch=0", "prefetch")]
    [InlineData("amqp://one?name=x&deliveries=0", "deliveries")]
    [InlineData("amqp://one?name=x&durabel=true", "durable")]
    public void A_malformed_address_is_refused_and_the_error_names_the_part(string address, string said)
    {
        AddressFormatException refused = Assert.ThrowsAny<AddressFormatException>(() => Read(address));
        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("amqp://eve:evepw/evepw@one/?name=x")]
    [InlineData("amqp://eve:evepw@one:port/?name=x")]
    [InlineData("amqp://eve:evepw@one/?durabel=true")]
    public void The_error_for_a_malformed_address_does_not_contain_the_password(string address)
    {
        AddressFormatException refused = Assert.ThrowsAny<AddressFormatException>(() => Read(address));
        Assert.DoesNotContain("evepw", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Credentials_are_read_from_a_private_file()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "clerk:se:cret\n");
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            BrokerAddress broker = Read($"amqp://one?name=x&credentials={path}");
            Assert.Equal(("clerk", "se:cret"), (broker.Credentials.User, broker.Credentials.Password));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead);
            FairleadException open = Assert.Throws<FairleadException>(() => Read($"amqp://one?name=x&credentials={path}"));
            Assert.Equal(ErrorCode.PermissionDenied, open.Code);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.WriteAllText(path, "no colon");
            FairleadException malformed = Assert.Throws<FairleadException>(() => Read($"amqp://one?name=x&credentials={path}"));
            Assert.Equal(ErrorCode.Corrupt, malformed.Code);
            Assert.DoesNotContain("no colon", malformed.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }

        FairleadException missing = Assert.Throws<FairleadException>(() => Read($"amqp://one?name=x&credentials={path}"));
        Assert.Equal(ErrorCode.NotFound, missing.Code);
    }

    [Theory]
    [InlineData("a.b", "a.b")]
    [InlineData("a.*.c", "a.*.c")]
    [InlineData("a.>", "a.*.#")]
    [InlineData(">", "*.#")]
    public void A_pattern_becomes_a_binding_key(string pattern, string key) => Assert.Equal(key, BrokerTopics.KeyOf(pattern));

    [Fact]
    public void A_pattern_with_another_meaning_to_the_broker_is_refused()
    {
        Assert.Contains("wildcard", BrokerTopics.Problem("a.#"), StringComparison.Ordinal);
        Assert.Contains("255", BrokerTopics.Problem(new string('x', 256)), StringComparison.Ordinal);
        Assert.Null(BrokerTopics.Problem("a.#b.>"));
    }

    private static BrokerAddress Read(Address address) =>
        BrokerAddress.Of(address, EndpointSettings.From(address, null, PatternKind.Sender, new AmqpTransport(address.Scheme)));
}
