using Fairlead.Logs;
using Fairlead.Transports;

namespace Fairlead.Docs.Tests;

/// <summary>An option of an address and the property beside it in docs/addresses.md have the same effect.</summary>
public sealed class OptionsInCodeTests
{
    private static readonly ITransport Unix = BuiltInTransports.Find(Address.Parse("unix://here"));

    /// <summary>A value of each option that is not its default, and the options of an endpoint with the same.</summary>
    private static readonly Dictionary<string, (string Text, EndpointOptions Options)> OfEndpoints = new()
    {
        ["capacity"] = ("4MiB", new() { MaxUnreadBytes = 4 << 20 }),
        ["full"] = ("drop-oldest", new() { OverflowPolicy = OverflowPolicy.DropOldest }),
        ["handles"] = ("16", new() { MaxUnreadHandles = 16 }),
        ["heartbeat"] = ("3s", new() { Heartbeat = TimeSpan.FromSeconds(3) }),
        ["maxmessage"] = ("1MiB", new() { MaxMessageBytes = 1 << 20 }),
        ["messages"] = ("7", new() { MaxUnreadMessages = 7 }),
        ["reconnect"] = ("30s", new() { ReconnectTimeout = TimeSpan.FromSeconds(30) }),
        ["wait"] = ("5s", new() { ConnectTimeout = TimeSpan.FromSeconds(5) }),
        ["waiting"] = ("latency", new() { WaitStrategy = WaitStrategy.Latency }),
        ["writing"] = ("buffered", new() { WriteMode = WriteMode.Buffered }),
    };

    private static readonly Dictionary<string, (string Text, LogOptions Options)> OfLogs = new()
    {
        ["age"] = ("7d", new() { MaxAge = TimeSpan.FromDays(7) }),
        ["keep"] = ("1GiB", new() { MaxSize = 1 << 30 }),
        ["protect"] = ("all-positions", new() { Protection = LogProtection.AllPositions }),
        ["segment"] = ("1MiB", new() { SegmentSize = 1 << 20 }),
        ["sync"] = ("each", new() { Sync = LogSync.EachRecord }),
    };

    [Fact]
    public void The_page_names_the_property_of_each_option()
    {
        Dictionary<string, string> expected = OfEndpoints.ToDictionary(
            static pair => pair.Key, static pair => Changed(pair.Value.Options, new EndpointOptions()));
        foreach ((string option, (_, LogOptions options)) in OfLogs)
        {
            expected[option] = $"LogOptions.{Changed(options, new LogOptions())}";
        }

        expected["history"] = $"PublisherOptions.{nameof(PublisherOptions.History)}";
        Assert.Equal(
            expected.OrderBy(static pair => pair.Key, StringComparer.Ordinal),
            DefaultsTests.Table(Repository.Read("docs/addresses.md"), "| option | in code |")
                .Where(static row => row[1] != "–")
                .Select(static row => KeyValuePair.Create(row[0].Trim('`'), row[1].Trim('`')))
                .OrderBy(static pair => pair.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void An_option_and_its_property_have_the_same_effect()
    {
        EndpointSettings plain = Settings("unix://here", null);
        foreach ((string option, (string text, EndpointOptions options)) in OfEndpoints)
        {
            EndpointSettings byAddress = Settings($"unix://here?{option}={text}", null);
            Assert.True(byAddress == Settings("unix://here", options), option);
            Assert.True(byAddress != plain, option);
        }
    }

    [Fact]
    public void An_option_of_a_log_and_its_property_have_the_same_effect()
    {
        Address plain = Address.Parse("log://here");
        foreach ((string option, (string text, LogOptions options)) in OfLogs)
        {
            LogOptions byAddress = new LogOptions().With(plain.With(option, text));
            Assert.True(byAddress == options.With(plain), option);
            Assert.True(byAddress != new LogOptions().With(plain), option);
        }
    }

    [Theory]
    [InlineData("inproc://history-by-address?history=2", 0)]
    [InlineData("inproc://history-by-property", 2)]
    public async Task The_option_history_and_its_property_have_the_same_effect(string address, int history)
    {
        await using Publisher publisher = await Publisher.BindAsync(address, new() { History = history });
        foreach (string text in (string[])["1", "2", "3"])
        {
            publisher.Publish("a", text);
        }

        await using Subscriber late = await Subscriber.ConnectAsync(publisher.Address, "a");
        using Message first = await late.ReceiveAsync(TimeSpan.FromSeconds(30));
        Assert.Equal("2", first.Text);
    }

    private static EndpointSettings Settings(string address, EndpointOptions? options) =>
        EndpointSettings.From(Address.Parse(address), options, PatternKind.Sender, Unix);

    /// <summary>Returns the name of the one property in which two differ.</summary>
    private static string Changed<T>(T options, T plain) =>
        typeof(T).GetProperties().Single(property => !Equals(property.GetValue(options), property.GetValue(plain))).Name;
}
