using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary><c>--full</c>: the tool's behaviour when the other end is full.</summary>
[FullRun(Reason.Variants)]
[SlowRun]
public sealed class FullTests : IDisposable
{
    private static readonly string[] Lines = [.. Enumerable.Range(0, 100).Select(static i => $"line {i}")];

    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Send_counts_the_messages_it_drops_for_a_stopped_receiver()
    {
        var (receiver, _) = await _home.ServeAsync("receive", "unix://inbox?messages=5");
        var sender = _home.Start("send", "unix://inbox?messages=10", "-", "--full", "drop-oldest", "--verbose");
        await sender.ErrorLineAsync("connected to ");
        await receiver.SignalAsync("STOP");
        await sender.SayAsync(Lines);
        await UntilDroppedAsync("sender", 85);
        await receiver.SignalAsync("CONT");

        var sent = await sender.EndAsync();
        Assert.True(sent.ExitCode == 0, sent.ToString());
        Assert.Contains("85 messages were dropped because the other end was too slow", sent.Error, StringComparison.Ordinal);
        Assert.Contains("\"missed\":85,", (await _home.RunAsync("list", "--output", "json")).Output, StringComparison.Ordinal);
        await receiver.SignalAsync("INT");
        var heard = await receiver.EndAsync();
        Assert.Equal([.. Lines[..5], .. Lines[90..]], heard.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("85 messages before this one were dropped", heard.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_with_full_fail_exits_7_when_the_queue_is_full()
    {
        var (receiver, _) = await _home.ServeAsync("receive", "unix://inbox?messages=5");
        var sender = _home.Start("send", "unix://inbox", "-", "--full", "fail", "--verbose");
        await sender.ErrorLineAsync("connected to ");
        await receiver.SignalAsync("STOP");
        await sender.SayAsync(Lines);

        var sent = await sender.EndAsync();
        Assert.True(sent.ExitCode == 7, sent.ToString());
        Assert.Contains("the queue is full", sent.Error, StringComparison.Ordinal);
        await receiver.SignalAsync("CONT");
    }

    [Fact]
    public async Task Subscribe_requests_a_policy_and_reports_missed_messages()
    {
        var (publisher, _) = await _home.ServeAsync("publish", "unix://prices?messages=10", "eu", "-");
        var oldest = _home.Start("subscribe", "unix://prices?messages=5", "--full", "drop-oldest", "--output", "json", "--verbose");
        var unasked = _home.Start("subscribe", "unix://prices?messages=5", "--verbose");
        await oldest.ErrorLineAsync("connected to ");
        await unasked.ErrorLineAsync("connected to ");
        await oldest.SignalAsync("STOP");
        await unasked.SignalAsync("STOP");
        await publisher.SayAsync(Lines);
        await UntilDroppedAsync("publisher", 2 * 85);
        await oldest.SignalAsync("CONT");
        await unasked.SignalAsync("CONT");

        // No option lets the publisher drop.
        var published = await publisher.EndAsync();
        Assert.True(published.ExitCode == 7, published.ToString());
        Assert.Contains("170 messages were dropped", published.Error, StringComparison.Ordinal);
        var heard = await oldest.EndAsync();
        Assert.Equal(15, heard.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("\"text\":\"line 90\",\"bytes\":7,\"topic\":\"eu\",\"missed\":85", heard.Output, StringComparison.Ordinal);
        Assert.Contains("85 messages before this one were dropped", heard.Error, StringComparison.Ordinal);
        var first = await unasked.EndAsync();
        Assert.EndsWith("line 14\n", first.Output, StringComparison.Ordinal);
        Assert.Contains("85 messages after the last one were dropped", first.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("send", "latest")]
    [InlineData("subscribe", "fail")]
    public async Task A_policy_that_does_not_fit_the_verb_exits_2(string verb, string full)
    {
        var outcome = await _home.RunAsync(verb, "unix://inbox", "x", "--full", full);

        Assert.True(outcome.ExitCode == 2, outcome.ToString());
        Assert.Contains("drop-oldest", outcome.Error, StringComparison.Ordinal);
    }

    /// <summary>The number of dropped messages can be read from outside, without the endpoint's help.</summary>
    private async Task UntilDroppedAsync(string kind, int count)
    {
        using CancellationTokenSource watchdog = new(TimeSpan.FromMinutes(1));
        string listed;
        do
        {
            listed = (await _home.RunAsync("list", "--all", "--output", "json")).Output;
            Assert.False(watchdog.IsCancellationRequested, $"{count} were not dropped by the {kind}:\n{listed}");
        } while (!listed
            .Split('\n')
            .Any(line =>
                line.Contains($"\"kind\":\"{kind}\"", StringComparison.Ordinal)
                && line.Contains($"\"dropped\":{count},", StringComparison.Ordinal)));
    }
}
