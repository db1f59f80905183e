using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>listen and connect.</summary>
[SlowRun]
public sealed class TalkTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_listener_exchanges_lines_with_several_clients()
    {
        var (listener, address) = await _home.ServeAsync("listen", "unix://talk", "--keep");
        var first = _home.Start("connect", address, "--keep");
        var second = _home.Start("connect", address, "--keep");
        await listener.ErrorLineAsync("client 1 joined");
        await listener.ErrorLineAsync("client 2 joined");

        await first.SayAsync("from one");
        Assert.Equal("from one", await listener.LineAsync());
        await second.SayAsync("from another");
        Assert.Equal("from another", await listener.LineAsync());
        await listener.SayAsync("to all");
        Assert.Equal("to all", await first.LineAsync());
        Assert.Equal("to all", await second.LineAsync());

        await listener.SignalAsync("TERM");
        Assert.Equal(143, (await listener.EndAsync()).ExitCode);
        Assert.Equal(0, (await first.EndAsync()).ExitCode);
        Assert.Equal(0, (await second.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Connect_ends_with_its_input_when_everything_was_read()
    {
        var (listener, address) = await _home.ServeAsync("listen", "unix://talk", "--keep", "--count", "2");
        var client = _home.Start("connect", address);
        await client.SayAsync("a", "b");

        Assert.Equal(0, (await client.EndAsync()).ExitCode);
        Assert.Equal("a\nb\n", (await listener.EndAsync()).Output);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connect_exits_6_when_the_other_end_leaves_lines_unread(bool inputEnds)
    {
        var (listener, address) = await _home.ServeAsync("listen", "unix://talk", "--keep", "--count", "1");
        var client = _home.Start("connect", address, "--verbose");
        await client.ErrorLineAsync("connected to ");

        // The listener is stopped until both lines are written.
        await listener.SignalAsync("STOP");
        await client.SayAsync("a", "b");
        if (inputEnds)
        {
            client.Close();
        }

        using CancellationTokenSource watchdog = new(TimeSpan.FromMinutes(1));
        string listed;
        do
        {
            listed = (await _home.RunAsync("list", "--all", "--output", "json")).Output;
            Assert.False(watchdog.IsCancellationRequested, $"two messages were not sent:\n{listed}");
        } while (!listed.Contains("\"messagesSent\":2,", StringComparison.Ordinal));

        await listener.SignalAsync("CONT");

        Assert.Equal("a\n", (await listener.ExitAsync()).Output);
        var outcome = await client.ExitAsync();
        Assert.True(outcome.ExitCode == 6, outcome.ToString());
        Assert.Contains("of 2 messages, 1 were not delivered: the other end is gone", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Listen_keeps_its_input_until_a_client_connects()
    {
        var (listener, address) = await _home.ServeAsync("listen", "unix://talk");
        await listener.SayAsync("a", "b");
        listener.Close();

        var heard = await _home.RunAsync("connect", address, "--keep");

        Assert.True(heard is { ExitCode: 0, Output: "a\nb\n" }, heard.ToString());
        Assert.Equal(0, (await listener.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Connect_sends_a_question_and_prints_the_answer()
    {
        var (listener, address) = await _home.ServeAsync("listen", "unix://talk", "--keep");
        var client = _home.Start("connect", address, "--count", "1");
        await client.SayAsync("who is there?");
        client.Close();
        Assert.Equal("who is there?", await listener.LineAsync());
        await listener.SayAsync("me");

        var answered = await client.EndAsync();

        Assert.True(answered is { ExitCode: 0, Output: "me\n" }, answered.ToString());
    }

    [Theory]
    [InlineData("unix", "line")]
    [InlineData("unix", "none")]
    [InlineData("tcp", "line")]
    [InlineData("tcp", "none")]
    public async Task Connect_prints_what_a_plain_server_answers_after_the_end_of_stdin(string scheme, string framing)
    {
        // The server answers only when it has read everything.
        var place = scheme == "tcp" ? "tcp://127.0.0.1:0" : $"unix://{Path.Combine(_home.Work, "up")}";
        var (_, address) = await _home.ServeAsync("serve", "--exec", "text=$(cat); echo \"$text\" | tr a-z A-Z", place);

        var talked = await _home.StartShell($"printf 'one\\ntwo\\n' | fairlead connect '{address}?framing={framing}'").EndAsync();
        Assert.True(talked is { ExitCode: 0, Output: "ONE\nTWO\n" }, talked.ToString());

        // As it was before: it closes when everything is sent.
        var closed = await _home.StartShell($"printf 'one\\n' | fairlead connect --close '{address}?framing={framing}'").EndAsync();
        Assert.True(closed is { ExitCode: 0, Output: "" }, closed.ToString());
        var both = await _home.RunAsync("connect", address, "--keep", "--close");
        Assert.True(both.ExitCode == 2, both.ToString());
    }

    /// <summary>With a policy that waits without limit, a client that never reads would hold up the others without limit.</summary>
    [Fact]
    public async Task A_client_that_stops_reading_delays_no_other()
    {
        const int Lines = 300;
        var (listener, address) = await _home.ServeAsync("listen", "unix://talk", "--keep", "--full", "wait");
        Address place = Address.Parse($"unix://{_home.Runtime}/fairlead/unix/talk");
        Assert.Contains("unix://talk", address, StringComparison.Ordinal);
        await using Pair silent = await Pair.ConnectAsync(place.With("messages", "1").With("capacity", "4096"));
        await listener.ErrorLineAsync("client 1 joined");
        await using Pair reading = await Pair.ConnectAsync(place);
        await listener.ErrorLineAsync("client 2 joined");

        var typing = Task.Run(async () =>
        {
            for (int i = 0; i < Lines; i++)
            {
                await listener.SayAsync($"{i} {new string('x', 5_000)}");
            }
        });
        for (int i = 0; i < Lines; i++)
        {
            using Message line = await reading.ReceiveAsync(TimeSpan.FromMinutes(2));
            Assert.StartsWith($"{i} x", line.Text, StringComparison.Ordinal);
        }

        await typing;
        for (int i = 0; i < Lines; i++)
        {
            using Message line = await silent.ReceiveAsync(TimeSpan.FromMinutes(2));
            Assert.StartsWith($"{i} x", line.Text, StringComparison.Ordinal);
        }
    }

    [NeedsProgramFact("nc")]
    public async Task Netcat_sends_lines_to_listen()
    {
        var path = Path.Combine(_home.Work, "talk");
        var (listener, _) = await _home.ServeAsync("listen", $"unix://{path}?framing=line", "--count", "2");

        var sent = await _home.StartShell($"printf 'a\\nb\\n' | nc -U -N '{path}'").EndAsync();

        Assert.True(sent.ExitCode == 0, sent.ToString());
        Assert.Equal("a\nb\n", (await listener.EndAsync()).Output);
    }

    [NeedsProgramFact("nc")]
    public async Task Connect_sends_plain_bytes_to_netcat()
    {
        var path = Path.Combine(_home.Work, "talk");
        var server = _home.StartShell($"echo ready >&2; exec nc -l -U '{path}'");
        await server.ErrorLineAsync("ready");

        // No newline at the end, and none is added: there are no messages, only bytes.
        var client = _home.StartShell($"printf 'GET /' | fairlead connect 'unix://{path}?framing=none' --wait 1m");

        Assert.Equal(0, (await client.EndAsync()).ExitCode);
        Assert.Equal("GET /", (await server.EndAsync()).Output);
    }

    [Fact]
    public async Task Verbose_shows_both_addresses_of_a_connection()
    {
        var (listener, address) = await _home.ServeAsync("listen", "tcp://127.0.0.1:0?framing=line", "--keep");
        var client = _home.Start("connect", address, "--verbose", "--keep");
        string place = address["tcp://".Length..].Split('?')[0];
        string line = await client.ErrorLineAsync("connected to ");
        Assert.StartsWith($"connected to {place}, from 127.0.0.1:", line, StringComparison.Ordinal);
        Assert.Contains(line.Split("from ")[1], await listener.ErrorLineAsync("client 1 joined"), StringComparison.Ordinal);

        var (_, times) = await _home.ServeAsync("serve", "date", "tcp://127.0.0.1:0");
        Outcome asked = await _home.RunAsync("get", "date", times, "--verbose");
        Assert.StartsWith($"connected to {times["tcp://".Length..]}, from 127.0.0.1:", asked.Error, StringComparison.Ordinal);
        Assert.Equal("", (await _home.RunAsync("get", "date", times)).Error);
    }

    [Fact]
    public async Task Connect_exits_6_when_the_listener_dies()
    {
        var (listener, address) = await _home.ServeAsync("listen", "unix://talk", "--keep");
        var client = _home.Start("connect", address, "--verbose");
        await client.ErrorLineAsync("connected to ");
        await listener.SignalAsync("KILL");

        Assert.Equal(6, (await client.ExitAsync()).ExitCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--full=wait")]
    [InlineData("--full=drop-oldest")]
    public async Task A_client_with_a_small_message_limit_is_disconnected_and_others_get_the_line(string full)
    {
        string[] options = full.Length == 0 ? ["--keep"] : ["--keep", full];
        var (listener, address) = await _home.ServeAsync(["listen", "unix://talk", .. options]);
        var small = _home.Start("connect", address + "?maxmessage=3", "--keep");
        await listener.ErrorLineAsync("client 1 joined");
        var other = _home.Start("connect", address, "--keep");
        await listener.ErrorLineAsync("client 2 joined");
        await listener.SayAsync("one");
        Assert.Equal("one", await small.LineAsync());
        Assert.Equal("one", await other.LineAsync());
        await listener.SayAsync("two is longer", "three");

        Assert.Equal("two is longer", await other.LineAsync());
        Assert.Equal("three", await other.LineAsync());
        var remark = await listener.ErrorLineAsync("fairlead: unix://talk: client 1 ");
        Assert.Contains("exceeds its limit", remark, StringComparison.Ordinal);
        await small.ExitAsync();
    }

    [Fact]
    public async Task A_client_that_never_reads_is_disconnected_and_others_get_all_lines()
    {
        var (listener, address) = await _home.ServeAsync("listen", "unix://talk", "--keep");
        var deaf = _home.Start("connect", address + "?messages=1", "--keep");
        await listener.ErrorLineAsync("client 1 joined");
        await deaf.SignalAsync("STOP");
        var other = _home.Start("connect", address, "--keep");
        await listener.ErrorLineAsync("client 2 joined");
        var lines = Enumerable.Range(0, 10).Select(static n => $"line {n}").ToArray();
        await listener.SayAsync(lines);

        foreach (var line in lines)
        {
            Assert.Equal(line, await other.LineAsync());
        }

        var remark = await listener.ErrorLineAsync("fairlead: unix://talk: client 1 ");
        Assert.Contains("it read nothing for 5 s", remark, StringComparison.Ordinal);
    }
}
