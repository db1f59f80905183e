using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>work push, work pull and work serve.</summary>
public sealed class WorkTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Two_shells_find_each_other_in_any_order(bool pullsFirst)
    {
        var first = pullsFirst ? _home.Start("work", "pull", "unix://jobs", "--count", "3") : _home.Start("work", "push", "unix://jobs", "-", "--verbose");
        if (!pullsFirst)
        {
            await first.SayAsync("1", "2", "3");
            first.Close();
            await first.ErrorLineAsync("listening on");
        }

        var second = pullsFirst ? _home.Start("work", "push", "unix://jobs", "-") : _home.Start("work", "pull", "unix://jobs", "--count", "3");
        if (pullsFirst)
        {
            await second.SayAsync("1", "2", "3");
            second.Close();
        }

        Outcome[] outcomes = [await first.EndAsync(), await second.EndAsync()];

        Assert.All(outcomes, outcome => Assert.True(outcome.ExitCode == 0, outcome.ToString()));
        Assert.Equal("1\n2\n3\n", outcomes[pullsFirst ? 0 : 1].Output);
        Assert.DoesNotContain("jobs", (await _home.RunAsync("list")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_command_does_not_do_is_given_up_after_a_while()
    {
        var (queue, address) = await _home.ServeAsync("work", "serve", "unix://jobs", "--deliveries", "2");
        var worker = _home.Start("work", "pull", address, "--exec", "read item; echo did $item; test $item != b");

        var good = await _home.RunAsync("work", "push", address, "a");
        Assert.True(good is { ExitCode: 0, Error: "" }, good.ToString());
        var bad = await _home.RunAsync("work", "push", address, "b");
        Assert.True(bad.ExitCode == 1 && bad.Error.Contains("given up after 2 deliveries: the command ended with exit code 1", StringComparison.Ordinal), bad.ToString());

        Assert.Equal("did a", await worker.LineAsync());
        await queue.ErrorLineAsync("fairlead: given up after 2 deliveries: b: the command ended with exit code 1");
        await worker.SignalAsync("INT");
        var worked = await worker.EndAsync();
        Assert.True(worked.ExitCode == 130 && worked.Error.Contains("redelivered: b: handed out 1 times before, and may have been done", StringComparison.Ordinal), worked.ToString());
        await queue.SignalAsync("INT");
        var served = await queue.EndAsync();
        Assert.True(served.ExitCode == 130 && served.Error.Contains("1 items done, 1 handed out again, 1 given up, 0 given back", StringComparison.Ordinal), served.ToString());
    }

    [Theory]
    [InlineData("KILL")]
    [InlineData("INT")]
    public async Task What_a_worker_had_goes_to_another_when_it_ends(string signal)
    {
        var (_, address) = await _home.ServeAsync("work", "serve", "unix://jobs");
        var worker = _home.Start("work", "pull", address, "--exec", "cat > begun; read forever < endless");
        var fifo = await _home.StartShell("mkfifo endless").EndAsync();
        Assert.True(fifo.ExitCode == 0, fifo.ToString());
        var pushing = _home.Start("work", "push", address, "dig");
        var begun = await _home.StartShell("until [ -s begun ]; do :; done").EndAsync();
        Assert.True(begun.ExitCode == 0, begun.ToString());
        await worker.SignalAsync(signal);

        var other = await _home.RunAsync("work", "pull", address, "--count", "1", "--output", "json");

        Assert.True(other.ExitCode == 0 && other.Output.Contains("\"text\":\"dig\"", StringComparison.Ordinal) && other.Output.Contains("\"redelivered\":true,\"deliveries\":1", StringComparison.Ordinal), other.ToString());
        var pushed = await pushing.EndAsync();
        Assert.True(pushed.ExitCode == 0, pushed.ToString());

        if (signal == "KILL")
        {
            // A killed worker's command lives on until it gets its input, and perhaps has not asked for it yet.
            await _home.StartShell("echo > endless").EndAsync();
        }
    }

    [Fact]
    public async Task Several_workers_do_all_of_it_and_each_item_once()
    {
        var (_, address) = await _home.ServeAsync("work", "serve", "unix://jobs", "--prefetch", "4");
        var workers = Enumerable.Range(0, 3).Select(_ => _home.Start("work", "pull", address)).ToArray();
        var lines = Enumerable.Range(0, 600).Select(static n => $"item {n}").ToArray();
        var pushing = _home.Start("work", "push", address, "-");
        await pushing.SayAsync(lines);

        var pushed = await pushing.EndAsync();
        Assert.True(pushed.ExitCode == 0, pushed.ToString());
        List<string> done = [];
        foreach (var worker in workers)
        {
            await worker.SignalAsync("TERM");
            done.AddRange((await worker.EndAsync()).Lines);
        }

        Assert.Equal(lines.Order(StringComparer.Ordinal), done.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_is_not_there_or_too_slow_is_told_by_the_exit_code()
    {
        var nobody = await _home.RunAsync("work", "pull", "unix://jobs", "--wait", "50ms");
        Assert.True(nobody.ExitCode == 3, nobody.ToString());
        var silence = await _home.RunAsync("work", "pull", "unix://jobs", "--timeout", "50ms");
        Assert.True(silence.ExitCode == 124, silence.ToString());
        var (_, address) = await _home.ServeAsync("work", "serve", "unix://jobs");
        var slow = await _home.RunAsync("work", "push", address, "x", "--timeout", "1s");
        Assert.True(slow.ExitCode == 124, slow.ToString());
        var held = await _home.RunAsync("work", "serve", address);
        Assert.True(held.ExitCode == 4, held.ToString());
        var both = await _home.RunAsync("work", "pull", address, "--exec", "cat", "--output", "json");
        Assert.True(both.ExitCode == 2, both.ToString());
    }
}
