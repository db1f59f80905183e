using System.Text.Json;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

public sealed class PublishTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Subscribers_get_messages_of_their_topics()
    {
        var publisher = _home.Start("publish", "unix://prices", "eu.bond", "-", "--verbose");
        await publisher.ErrorLineAsync("listening on ");
        var all = _home.Start("subscribe", "unix://prices", "--show-topic", "--verbose");
        var american = _home.Start("subscribe", "unix://prices", "us.>,asia.*", "--verbose");
        await all.ErrorLineAsync("connected to ");
        await american.ErrorLineAsync("connected to ");
        await publisher.SayAsync("98.7", "98.8");

        Assert.Equal(0, (await publisher.EndAsync()).ExitCode);
        var heard = await all.EndAsync();
        Assert.True(heard is { ExitCode: 0, Output: "eu.bond 98.7\neu.bond 98.8\n" }, heard.ToString());
        Assert.Equal("", (await american.EndAsync()).Output);
    }

    [Fact]
    public async Task The_first_message_waits_for_a_subscriber()
    {
        var (publisher, _) = await _home.ServeAsync("publish", "unix://prices", "eu", "98.7");

        var heard = await _home.RunAsync("subscribe", "unix://prices", "eu", "--output", "json");

        Assert.StartsWith("""{"text":"98.7","bytes":4,"topic":"eu",""", heard.Output, StringComparison.Ordinal);
        Assert.Equal(0, heard.ExitCode);
        Assert.Equal(0, (await publisher.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Publish_exits_124_if_no_subscriber_joins_in_time()
    {
        var outcome = await _home.RunAsync("publish", "unix://prices", "eu", "98.7", "--timeout", "200ms");

        Assert.True(outcome.ExitCode == 124, outcome.ToString());
        Assert.Contains("no subscriber to eu within 200 ms", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_now_does_not_wait_for_a_subscriber()
    {
        var outcome = await _home.RunAsync("publish", "unix://prices", "eu", "98.7", "--now");

        Assert.True(outcome is { ExitCode: 0, Error: "" }, outcome.ToString());
    }

    [Fact]
    public async Task A_subscriber_may_bind_for_many_publishers()
    {
        var (subscriber, address) = await _home.ServeAsync("subscribe", "unix://collector", "app.>", "--bind", "--count", "2");

        Assert.Equal(0, (await _home.RunAsync("publish", address, "app.one", "1", "--connect")).ExitCode);
        Assert.Equal(0, (await _home.RunAsync("publish", address, "app.two", "2", "--connect")).ExitCode);

        Assert.Equal("1\n2\n", (await subscriber.EndAsync()).Output);
    }

    /// <summary>
    /// The publisher's system calls return late: in most runs the subscriber has read the message and left before the publisher continues.
    /// </summary>
    [FullRun(Reason.Repeats)]
    [NeedsProgramFact("strace")]
    public async Task Publish_exits_0_when_the_subscriber_leaves_after_the_last_message()
    {
        for (var round = 1; round <= 3; round++)
        {
            var at = $"unix://collector{round}";
            var (subscriber, address) = await _home.ServeAsync("subscribe", at, "app.>", "--bind", "--count", "1");
            var publisher = _home.StartProgram(
                [
                    "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=write,futex",
                    "-e", "inject=write:delay_exit=300000", "-e", "inject=futex:delay_exit=50000",
                    .. ToolHome.Tool, "publish", address, "app.log", "1", "--connect",
                ]);

            Assert.Equal("1\n", (await subscriber.ExitAsync()).Output);
            var outcome = await publisher.EndAsync();
            Assert.True(outcome.ExitCode == 0, outcome.ToString());
        }
    }

    /// <summary>The subscriber reads one message and leaves; the other message has no reader.</summary>
    [Fact]
    public async Task Publish_exits_6_when_the_subscriber_leaves_before_the_last_message()
    {
        var (subscriber, address) = await _home.ServeAsync("subscribe", "unix://collector", "app.>", "--bind", "--count", "1");
        var publisher = _home.Start("publish", address, "app.log", "-", "--connect", "--verbose");
        await publisher.SayAsync("1");
        Assert.Equal("1\n", (await subscriber.ExitAsync()).Output);
        await publisher.SayAsync("2");

        var outcome = await publisher.EndAsync();
        Assert.True(outcome.ExitCode == 6, outcome.ToString());
    }

    [Theory]
    [InlineData("unix://collector", "--reconnect", "infinite")]
    [InlineData("unix://collector?reconnect=infinite")]
    public async Task A_publisher_with_reconnect_continues_when_the_subscriber_is_back(string at, params string[] how)
    {
        var (first, address) = await _home.ServeAsync("subscribe", "unix://collector", "app.>", "--bind", "--count", "1");
        var publisher = _home.Start(["publish", at, "app.log", "-", "--connect", "--verbose", .. how]);
        await publisher.SayAsync("1");
        Assert.Equal("1\n", (await first.EndAsync()).Output);
        await publisher.ErrorLineAsync("connection lost ");

        // It waits for a subscriber, as the first message does.
        await publisher.SayAsync("2");
        var (second, _) = await _home.ServeAsync("subscribe", address, "app.>", "--bind", "--count", "1");
        Assert.Equal("2\n", (await second.EndAsync()).Output);
        var outcome = await publisher.EndAsync();
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
    }

    [Theory]
    [InlineData("app.>", "--reconnect", "50ms")]
    [InlineData("other")]
    public async Task Publish_exits_6_while_it_waits_for_a_lost_subscriber(string topics, params string[] how)
    {
        var (subscriber, address) = await _home.ServeAsync("subscribe", "unix://collector", topics, "--bind");
        var publisher = _home.Start(["publish", address, "app.log", "-", "--connect", "--verbose", .. how]);
        await publisher.ErrorLineAsync("connected to ");
        await publisher.SayAsync("1");
        if (how.Length > 0)
        {
            Assert.Equal("1", await subscriber.LineAsync());
        }

        await subscriber.SignalAsync("KILL");
        if (how.Length > 0)
        {
            await publisher.ErrorLineAsync("gave up reconnecting ");
            await publisher.SayAsync("2");
        }

        var outcome = await publisher.ExitAsync();
        Assert.True(outcome.ExitCode == 6, outcome.ToString());
        Assert.Contains("the subscriber is gone", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Later_subscribers_get_stored_messages()
    {
        var store = $"log://{_home.Work}/kept";
        var alone = await _home.RunAsync("publish", "unix://prices", "eu", "1", "--store", store);
        Assert.True(alone is { ExitCode: 0, Error: "" }, alone.ToString());
        var publisher = _home.Start("publish", "unix://prices", "eu", "-", "--store", store, "--verbose");
        await publisher.ErrorLineAsync("listening on ");
        await publisher.SayAsync("2");
        var first = await _home.RunAsync("subscribe", "unix://prices", "eu", "--replay", "all", "--count", "2", "--output", "json");
        JsonElement[] lines = [.. first.Lines.Select(static line => JsonSerializer.Deserialize<JsonElement>(line))];
        Assert.Equal(["1", "2"], lines.Select(static line => line.GetProperty("text").GetString()));
        var position = lines[0].GetProperty("position").GetString()!;
        var second = await _home.RunAsync("subscribe", "unix://prices", "eu", "--after", position, "--count", "1");
        Assert.Equal("2\n", second.Output);

        foreach (var wrong in new[] { "--replay=some", "--replay=-1", "--after=17" })
        {
            Assert.Equal(2, (await _home.RunAsync("subscribe", "unix://prices", wrong)).ExitCode);
        }
    }

    [Fact]
    public async Task Subscribe_exits_6_when_the_publisher_dies()
    {
        var publisher = _home.Start("publish", "unix://prices", "eu", "-", "--verbose");
        await publisher.ErrorLineAsync("listening on ");
        var subscriber = _home.Start("subscribe", "unix://prices", "--verbose");
        await subscriber.ErrorLineAsync("connected to ");
        await publisher.SignalAsync("KILL");

        Assert.Equal(6, (await subscriber.EndAsync()).ExitCode);
    }
}
