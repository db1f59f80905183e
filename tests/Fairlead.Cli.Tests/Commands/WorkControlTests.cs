using System.Text.Json;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>work list, work drop and work retry, and the options by which work push and work serve order and keep items.</summary>
[FullRun(Reason.Variants)]
[SlowRun]
public sealed class WorkControlTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Items_are_listed_dropped_and_tried_again()
    {
        var (_, address) = await _home.ServeAsync("work", "serve", "unix://jobs", "--deliveries", "1");
        foreach (var item in new[] { "good", "bad\u001b[2J one", "last" })
        {
            var sent = await _home.RunAsync("send", address, item);
            Assert.True(sent.ExitCode == 0, sent.ToString());
        }

        var worker = _home.Start("work", "pull", address, "--exec", "grep -q good");
        JsonElement[] items = await ListAsync(address, static all => all.Length == 2 && all.All(static item => State(item) == "given-up"));
        Assert.Equal(["bad\u001b[2J one", "last"], items.Select(static item => item.GetProperty("text").GetString()));
        Assert.All(items, static item => Assert.EndsWith("exit code 1", item.GetProperty("reason").GetString(), StringComparison.Ordinal));
        await worker.SignalAsync("INT");
        await worker.EndAsync();

        // What an item holds does not reach the terminal as it is.
        var table = await _home.RunAsync("work", "list", address);
        Assert.StartsWith("ITEM", table.Lines[0], StringComparison.Ordinal);
        Assert.Equal(3, table.Lines.Length);
        Assert.DoesNotContain("\u001b", table.Output, StringComparison.Ordinal);
        Assert.Contains("given-up", table.Lines[1], StringComparison.Ordinal);

        var number = items[0].GetProperty("number").GetInt64();
        var dropped = await _home.RunAsync("work", "drop", address, $"{number}");
        Assert.True(dropped is { ExitCode: 0, Error: "fairlead: dropped: 1 of 1 items\n" }, dropped.ToString());
        var again = await _home.RunAsync("work", "drop", address, $"{number}");
        Assert.True(again is { ExitCode: 3, Error: "fairlead: dropped: 0 of 1 items\n" }, again.ToString());

        var retried = await _home.RunAsync("work", "retry", address, "--all", "given-up");
        Assert.True(retried is { ExitCode: 0, Error: "fairlead: tried again: 1 of 1 items\n" }, retried.ToString());
        Assert.Equal("waiting", State((await ListAsync(address, static all => all.Length == 1))[0]));
        var pulled = await _home.RunAsync("work", "pull", address, "--count", "1");
        Assert.Equal("last\n", pulled.Output);
        var none = await _home.RunAsync("work", "retry", address, "--all", "given-up");
        Assert.True(none is { ExitCode: 0, Error: "fairlead: tried again: 0 of 0 items\n" }, none.ToString());
    }

    [Fact]
    public async Task An_interrupted_queue_finishes_its_items_and_accepts_no_new_ones()
    {
        var (queue, address) = await _home.ServeAsync("work", "serve", "unix://jobs", "--finish", "--timeout", "2m");
        var first = _home.Start("work", "push", address, "first");
        await ListAsync(address, static all => all.Length == 1);
        await queue.SignalAsync("TERM");
        await queue.ErrorLineAsync($"fairlead: {address}: takes nothing new; 1 items are left. Interrupt again to abandon them");
        var late = _home.Start("send", address, "late", "--deliver");

        Assert.Equal("first\n", (await _home.RunAsync("work", "pull", address, "--count", "1")).Output);

        var ended = await queue.EndAsync();
        Assert.True(ended.ExitCode == 143, ended.ToString());
        Assert.Contains("1 items done, 0 redelivered, 0 given up", ended.Error, StringComparison.Ordinal);
        var pushed = await first.EndAsync();
        Assert.True(pushed.ExitCode == 0, pushed.ToString());

        // It did not reach the queue, or waited there in vain, or found that nothing listens any more.
        Assert.NotEqual(0, (await late.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Pushed_items_have_a_priority_and_a_time()
    {
        var (_, address) = await _home.ServeAsync("work", "serve", "unix://jobs");
        var low = _home.Start("work", "push", address, "low");
        await ListAsync(address, static all => all.Length == 1);
        var high = _home.Start("work", "push", address, "high", "--priority", "200");
        await ListAsync(address, static all => all.Length == 2);
        var later = _home.Start("work", "push", address, "later", "--delay", "1h");
        var items = await ListAsync(address, static all => all.Length == 3);
        Assert.Equal(["high waiting 200", "low waiting 0", "later delayed 0"], items.Select(Describe));
        Assert.True(items[0].GetProperty("wantsReceipt").GetBoolean());

        var pulled = await _home.RunAsync("work", "pull", address, "--count", "2");
        Assert.Equal("high\nlow\n", pulled.Output);
        Assert.All([await low.EndAsync(), await high.EndAsync()], static outcome => Assert.True(outcome.ExitCode == 0, outcome.ToString()));
        var dropped = await _home.RunAsync("work", "drop", address, "--all", "delayed");
        Assert.True(dropped.ExitCode == 0, dropped.ToString());
        var ended = await later.EndAsync();
        Assert.True(
            ended.ExitCode == 1 && ended.Error.Contains("it was dropped from the work queue", StringComparison.Ordinal), ended.ToString());

        static string Describe(JsonElement item) =>
            $"{item.GetProperty("text").GetString()} {State(item)} {item.GetProperty("priority").GetInt32()}";
    }

    [Fact]
    public async Task Items_in_a_store_survive_the_death_of_their_queue()
    {
        var store = $"log://{_home.Work}/kept";
        var (queue, address) = await _home.ServeAsync("work", "serve", "unix://jobs", "--store", store);
        var sent = await _home.RunAsync("send", address, "an item");
        Assert.True(sent.ExitCode == 0, sent.ToString());
        await queue.SignalAsync("KILL");
        await queue.EndAsync();

        await _home.ServeAsync("work", "serve", "unix://jobs", "--store", store);
        var pulled = await _home.RunAsync("work", "pull", address, "--count", "1");
        Assert.Equal("an item\n", pulled.Output);
    }

    [Theory]
    [InlineData(2, "drop", "unix://jobs")]
    [InlineData(2, "drop", "unix://jobs", "1", "--all", "waiting")]
    [InlineData(2, "retry", "unix://jobs", "--all", "done")]
    [InlineData(2, "drop", "unix://jobs", "one")]
    [InlineData(2, "push", "unix://jobs", "x", "--priority", "256")]
    [InlineData(3, "list", "unix://nothing")]
    [InlineData(3, "drop", "unix://nothing", "1")]
    [InlineData(1, "list", "unix://inbox")]
    public async Task Invalid_arguments_are_refused(int code, params string[] arguments)
    {
        if (arguments[1] == "unix://inbox")
        {
            await _home.ServeAsync("receive", "unix://inbox");
        }

        var outcome = await _home.RunAsync(["work", .. arguments]);
        Assert.True(outcome.ExitCode == code && outcome.Error.StartsWith("fairlead: ", StringComparison.Ordinal), outcome.ToString());
    }

    private static string State(JsonElement item) => item.GetProperty("state").GetString()!;

    /// <summary>Lists the items until they are as they should be.</summary>
    private async Task<JsonElement[]> ListAsync(string address, Func<JsonElement[], bool> isReached)
    {
        while (true)
        {
            var listed = await _home.RunAsync("work", "list", address, "--output", "json");
            Assert.True(listed.ExitCode == 0, listed.ToString());
            JsonElement[] items = [.. listed.Lines.Select(static line => JsonSerializer.Deserialize<JsonElement>(line))];
            if (isReached(items))
            {
                return items;
            }
        }
    }
}
