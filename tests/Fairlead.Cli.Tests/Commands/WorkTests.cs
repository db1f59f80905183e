using System.Net.Sockets;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>work push, work pull and work serve.</summary>
[SlowRun]
public sealed class WorkTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Push_and_pull_connect_whichever_starts_first(bool pullsFirst)
    {
        var first = pullsFirst
            ? _home.Start("work", "pull", "unix://jobs", "--count", "3")
            : _home.Start("work", "push", "unix://jobs", "-", "--verbose");
        if (!pullsFirst)
        {
            await first.SayAsync("1", "2", "3");
            first.Close();
            await first.ErrorLineAsync("listening on");
        }

        var second = pullsFirst
            ? _home.Start("work", "push", "unix://jobs", "-")
            : _home.Start("work", "pull", "unix://jobs", "--count", "3");
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
    public async Task An_item_fails_if_its_command_writes_too_much()
    {
        var (_, address) = await _home.ServeAsync("work", "serve", "unix://jobs", "--deliveries", "1");
        _home.Start("work", "pull", address, "--exec", "yes", "--max-output", "1000");

        var pushed = await _home.RunAsync("work", "push", address, "a");

        Assert.True(pushed.ExitCode == 1, pushed.ToString());
        Assert.Contains("the command wrote more than 1000 bytes and was killed", pushed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_item_is_given_up_after_its_last_delivery_fails()
    {
        var (queue, address) = await _home.ServeAsync("work", "serve", "unix://jobs", "--deliveries", "2");
        var worker = _home.Start("work", "pull", address, "--exec", "read item; echo did $item; test $item != b");

        var good = await _home.RunAsync("work", "push", address, "a");
        Assert.True(good is { ExitCode: 0, Error: "" }, good.ToString());
        var bad = await _home.RunAsync("work", "push", address, "b");
        Assert.True(
            bad.ExitCode == 1
                && bad.Error.Contains("given up after 2 deliveries: the command ended with exit code 1", StringComparison.Ordinal),
            bad.ToString());

        Assert.Equal("did a", await worker.LineAsync());
        await queue.ErrorLineAsync("fairlead: given up after 2 deliveries: b: the command ended with exit code 1");
        await worker.SignalAsync("INT");
        var worked = await worker.EndAsync();
        Assert.True(
            worked.ExitCode == 130
                && worked.Error.Contains("redelivered: b: delivered 1 times before, and may have been processed", StringComparison.Ordinal),
            worked.ToString());
        await queue.SignalAsync("INT");
        var served = await queue.EndAsync();
        Assert.True(
            served.ExitCode == 130
                && served.Error.Contains(
                    "1 items done, 1 redelivered, 1 given up, 0 withdrawn by their senders, 0 returned to their senders, "
                        + "0 in doubt",
                    StringComparison.Ordinal),
            served.ToString());
    }

    [Fact]
    public async Task An_item_that_a_worker_holds_too_long_is_given_to_another_worker()
    {
        var (queue, address) = await _home.ServeAsync("work", "serve", "unix://jobs", "--take-over-after", "200ms");
        var fifo = await _home.StartShell("mkfifo endless").EndAsync();
        Assert.True(fifo.ExitCode == 0, fifo.ToString());
        _home.Start("work", "pull", address, "--exec", "cat > begun; read forever < endless");
        var pushing = _home.Start("work", "push", address, "dig");
        var begun = await _home.StartShell("until [ -s begun ]; do :; done").EndAsync();
        Assert.True(begun.ExitCode == 0, begun.ToString());

        var other = await _home.RunAsync("work", "pull", address, "--count", "1");
        Assert.True(other is { ExitCode: 0, Output: "dig\n" }, other.ToString());
        var pushed = await pushing.EndAsync();
        Assert.True(pushed.ExitCode == 0, pushed.ToString());
        var ended = await _home.StartShell("echo > endless").EndAsync();
        Assert.True(ended.ExitCode == 0, ended.ToString());
        await queue.ErrorLineAsync("fairlead: accepted late, after ");
        await queue.SignalAsync("INT");
        var served = await queue.EndAsync();
        Assert.Contains("1 items done, 1 redelivered, 1 taken over, 0 given up", served.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pause_before_the_next_try_may_be_longer_than_a_minute()
    {
        var (queue, address) = await _home.ServeAsync("work", "serve", "unix://jobs", "--retry-delay", "2h");
        _home.Start("work", "pull", address, "--exec", "read item; echo did $item; test $item != bad");
        var bad = _home.Start("work", "push", address, "bad");
        var good = await _home.RunAsync("work", "push", address, "good");
        Assert.True(good is { ExitCode: 0, Error: "" }, good.ToString());
        await queue.SignalAsync("INT");
        await queue.EndAsync();
        Assert.NotEqual(0, (await bad.EndAsync()).ExitCode);
    }

    [Theory]
    [InlineData("KILL")]
    [InlineData("INT")]
    public async Task The_item_of_an_ended_worker_is_given_to_another_worker(string signal)
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

        Assert.True(
            other.ExitCode == 0
                && other.Output.Contains("\"text\":\"dig\"", StringComparison.Ordinal)
                && other.Output.Contains("\"redelivered\":true,\"deliveries\":1", StringComparison.Ordinal),
            other.ToString());
        var pushed = await pushing.EndAsync();
        Assert.True(pushed.ExitCode == 0, pushed.ToString());

        if (signal == "KILL")
        {
            // A killed worker's command lives on until it gets its input, and perhaps has not asked for it yet.
            await _home.StartShell("echo > endless").EndAsync();
        }
    }

    [Fact]
    public async Task An_item_that_kills_its_workers_does_not_end_the_queue()
    {
        var host = _home.Start("work", "push", "unix://jobs", "-", "--verbose");
        await host.ErrorLineAsync("listening on");
        await host.SayAsync("deadly");
        for (var delivery = 1; delivery <= 5; delivery++)
        {
            var killed = await _home.RunAsync("work", "pull", "unix://jobs", "--exec", "kill -9 $PPID");
            Assert.True(killed.ExitCode == 137, killed.ToString());
        }

        await host.ErrorLineAsync("fairlead: given up after 5 deliveries: deadly");
        await host.SayAsync("harmless");
        var worker = await _home.RunAsync("work", "pull", "unix://jobs", "--count", "1");
        Assert.Equal("harmless\n", worker.Output);
        var hosted = await host.EndAsync();
        Assert.True(
            hosted.ExitCode == 6
                && hosted.Error.Contains("of 2 items, 1 were not accepted; the first one: unknown if done", StringComparison.Ordinal),
            hosted.ToString());
        Assert.Single(hosted.Error.Split('\n'), static line => line.StartsWith("listening on", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Several_workers_process_each_item_once()
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
    public async Task Exit_codes_distinguish_a_missing_queue_a_timeout_and_a_held_name()
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

    [Fact]
    public async Task The_host_of_the_queue_stays_until_other_pushers_are_done()
    {
        var host = _home.Start("work", "push", "unix://jobs", "-", "--verbose");
        await host.ErrorLineAsync("listening on");
        await host.SayAsync("a");
        var other = _home.Start("work", "push", "unix://jobs", "-", "--verbose");
        await other.ErrorLineAsync("connected to");
        host.Close();
        var worker = _home.Start("work", "pull", "unix://jobs", "--count", "4");
        Assert.Equal("a", await worker.LineAsync());
        await host.ErrorLineAsync("fairlead: unix://jobs: all items are done; the queue stays for other processes that push there");

        // The other one has pushed nothing yet, and does so in peace.
        await other.SayAsync("b", "c", "d");
        var pushed = await other.EndAsync();
        Assert.True(pushed.ExitCode == 0, pushed.ToString());
        Assert.Equal("b\nc\nd\n", (await worker.EndAsync()).Output);
        var hosted = await host.EndAsync();
        Assert.True(hosted.ExitCode == 0, hosted.ToString());
    }

    /// <summary>A killed process accepts connections until its socket is closed: a worker may meet that in its last attempt.</summary>
    [Fact]
    public async Task Pull_exits_0_if_only_a_dying_host_accepts_its_connections()
    {
        var path = Path.Combine(_home.Work, "jobs");
        var host = _home.Start("work", "push", $"unix://{path}", "-", "--verbose");
        await host.ErrorLineAsync("listening on");
        var worker = _home.Start("work", "pull", $"unix://{path}", "--verbose", "--wait", "1m", "--reconnect", "2s");
        await worker.ErrorLineAsync("connected to ");
        await host.SayAsync("a");
        Assert.Equal("a", await worker.LineAsync());
        await host.SignalAsync("KILL");
        File.Delete(path);
        using Socket ending = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        ending.Bind(new UnixDomainSocketEndPoint(path));
        ending.Listen();
        using CancellationTokenSource end = new();
        var closing = CloseAllAsync();
        var outcome = await worker.ExitAsync();
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => closing);
        Assert.True(outcome.ExitCode == 0, outcome.ToString());

        async Task CloseAllAsync()
        {
            while (true)
            {
                (await ending.AcceptAsync(end.Token)).Dispose();
            }
        }
    }

    [Fact]
    public async Task A_worker_reports_its_connection_and_waits_for_another_host_as_long_as_reconnect()
    {
        var host = _home.Start("work", "push", "unix://jobs", "-", "--verbose");
        await host.ErrorLineAsync("listening on");
        var worker = _home.Start("work", "pull", "unix://jobs", "--verbose", "--wait", "1m", "--reconnect", "50ms");
        await worker.ErrorLineAsync("connected to ");
        await host.SayAsync("a");
        Assert.Equal("a", await worker.LineAsync());
        await host.SignalAsync("KILL");
        var outcome = await worker.ExitAsync();
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
    }

    [Theory]
    [InlineData("KILL")]
    [InlineData("INT")]
    public async Task Another_pusher_hosts_the_queue_when_the_host_ends(string signal)
    {
        var host = _home.Start("work", "push", "unix://jobs", "-", "--verbose");
        await host.ErrorLineAsync("listening on");
        var other = _home.Start("work", "push", "unix://jobs", "-", "--verbose");
        await other.ErrorLineAsync("connected to");

        // Interrupted, the host gives back what it holds; killed, it leaves that in doubt.
        await other.SayAsync("held");
        await HoldsAsync(1);
        await host.SignalAsync(signal);
        await host.ExitAsync();

        await other.SayAsync("b", "c");
        await other.ErrorLineAsync("listening on");
        var expected = signal == "KILL" ? "b\nc\n" : "held\nb\nc\n";
        var worker = _home.Start("work", "pull", "unix://jobs", "--count", signal == "KILL" ? "2" : "3");
        var pushed = await other.EndAsync();
        Assert.Equal(expected, (await worker.EndAsync()).Output);
        if (signal == "KILL")
        {
            Assert.True(
                pushed.ExitCode == 6
                    && pushed.Error.Contains(
                        "of 3 items, 1 were not accepted; the first one: unknown if done: "
                            + "the work queue was lost before it sent a receipt",
                        StringComparison.Ordinal),
                pushed.ToString());
        }
        else
        {
            Assert.True(pushed.ExitCode == 0, pushed.ToString());
        }
    }

    [Fact]
    public async Task Concurrent_pushers_without_a_server_all_get_their_receipts()
    {
        var workers = Enumerable.Range(0, 2).Select(_ => _home.Start("work", "pull", "unix://jobs")).ToArray();
        var pushers = Enumerable
            .Range(0, 4)
            .Select(p => _home.StartShell($"seq -f 'p{p} %g' 100 | fairlead work push unix://jobs -"))
            .ToArray();
        foreach (var pusher in pushers)
        {
            var pushed = await pusher.EndAsync();
            Assert.True(pushed.ExitCode == 0, pushed.ToString());
        }

        List<string> done = [];
        foreach (var worker in workers)
        {
            await worker.SignalAsync("TERM");
            done.AddRange((await worker.EndAsync()).Lines);
        }

        Assert.Equal(400, done.Count);
        Assert.Equal(400, done.Distinct().Count());
        Assert.DoesNotContain("jobs", (await _home.RunAsync("list")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Push_exits_4_if_a_file_occupies_the_name()
    {
        await File.WriteAllTextAsync(Path.Combine(_home.Work, "file"), "mine");
        var held = await _home.RunAsync("work", "push", $"unix://{_home.Work}/file", "x");
        Assert.True(held.ExitCode == 4, held.ToString());
    }

    [Fact]
    public async Task Serve_reports_the_outcome_of_all_items()
    {
        var (queue, address) = await _home.ServeAsync("work", "serve", "unix://jobs");
        var impatient = _home.Start("work", "push", address, "not that");
        await HoldsAsync(1);
        await impatient.SignalAsync("INT");
        Assert.Equal(130, (await impatient.EndAsync()).ExitCode);
        var pushing = _home.Start("work", "push", address, "-", "--verbose");
        await pushing.ErrorLineAsync("connected to");
        await pushing.SayAsync("waits");
        await HoldsAsync(2);
        await queue.SignalAsync("INT");
        var served = await queue.EndAsync();
        Assert.True(
            served.ExitCode == 130
                && served.Error.Contains(
                    "0 items done, 0 redelivered, 0 given up, 1 withdrawn by their senders, 1 returned to their senders, "
                        + "0 in doubt",
                    StringComparison.Ordinal),
            served.ToString());

        // It hosts the queue itself then.
        await pushing.ErrorLineAsync("listening on");
        var worker = await _home.RunAsync("work", "pull", address, "--count", "1");
        Assert.Equal("waits\n", worker.Output);
        Assert.Equal(0, (await pushing.EndAsync()).ExitCode);
    }

    /// <summary>Waits until the queue has got so many items.</summary>
    private async Task HoldsAsync(int items)
    {
        var held = await _home
            .StartShell($"until fairlead list --output json | grep -q '\"kind\":\"work-queue\".*\"messagesReceived\":{items}'; do :; done")
            .EndAsync();
        Assert.True(held.ExitCode == 0, held.ToString());
    }
}
