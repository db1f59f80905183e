using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

public sealed class PublishTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Subscribers_get_the_topics_that_they_asked_for()
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
    public async Task Nobody_within_the_time_exits_124()
    {
        var outcome = await _home.RunAsync("publish", "unix://prices", "eu", "98.7", "--timeout", "200ms");

        Assert.True(outcome.ExitCode == 124, outcome.ToString());
        Assert.Contains("no subscriber to eu within 200 ms", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publishing_now_waits_for_nobody()
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

    [Fact]
    public async Task A_publisher_that_dies_exits_6()
    {
        var publisher = _home.Start("publish", "unix://prices", "eu", "-", "--verbose");
        await publisher.ErrorLineAsync("listening on ");
        var subscriber = _home.Start("subscribe", "unix://prices", "--verbose");
        await subscriber.ErrorLineAsync("connected to ");
        await publisher.SignalAsync("KILL");

        Assert.Equal(6, (await subscriber.EndAsync()).ExitCode);
    }
}
