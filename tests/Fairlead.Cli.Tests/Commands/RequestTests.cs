using System.Globalization;
using System.Net.Sockets;
using Fairlead.Cli.Tests.Running;
using Fairlead.Conformance;

namespace Fairlead.Cli.Tests.Commands;

[SlowRun]
public sealed class RequestTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [NeedsProgramFact("bc")]
    public async Task A_calculator_answers()
    {
        var (_, address) = await _home.ServeAsync("reply", "unix://calc", "--exec", "bc");

        var asked = await _home.RunAsync("request", address, "2^100");

        Assert.True(asked is { ExitCode: 0, Output: "1267650600228229401496703205376\n", Error: "" }, asked.ToString());
    }

    [NeedsProgramFact("bc")]
    public async Task A_hundred_concurrent_requests_of_ten_processes_get_their_answers()
    {
        var (_, address) = await _home.ServeAsync("reply", "unix://calc", "--exec", "bc");
        var requesters = Enumerable.Range(0, 10).Select(_ => _home.Start("request", address, "-")).ToArray();
        for (var i = 0; i < requesters.Length; i++)
        {
            await requesters[i].SayAsync([.. Enumerable.Range(10 * i, 10).Select(n => $"{n} * {n} + 7")]);
        }

        var outcomes = await Task.WhenAll(requesters.Select(requester => requester.EndAsync()));

        for (var i = 0; i < outcomes.Length; i++)
        {
            Assert.True(outcomes[i].ExitCode == 0, outcomes[i].ToString());
            Assert.Equal(Enumerable.Range(10 * i, 10).Select(n => ((n * n) + 7).ToString(CultureInfo.InvariantCulture)), outcomes[i].Lines);
        }
    }

    [Fact]
    public async Task Replies_are_printed_in_the_order_of_the_lines()
    {
        var (_, address) = await _home.ServeAsync("reply", "unix://echo", "--echo");
        var requester = _home.Start("request", address, "-", "--in-flight", "8");
        var lines = Enumerable.Range(0, 500).Select(n => n.ToString(CultureInfo.InvariantCulture)).ToArray();
        await requester.SayAsync(lines);

        var asked = await requester.EndAsync();

        Assert.True(asked.ExitCode == 0, asked.ToString());
        Assert.Equal(lines, asked.Lines);
    }

    [Fact]
    public async Task A_failure_is_reported_before_the_next_line_is_typed()
    {
        var (_, address) = await _home.ServeAsync("reply", "unix://calc", "--exec", "echo bad >&2; exit 3");
        var requester = _home.Start("request", address, "-");
        await requester.SayAsync("1");

        var asked = await requester.ExitAsync();

        Assert.True(asked is { ExitCode: 1, Output: "" }, asked.ToString());
        Assert.Contains("the command ended with exit code 3: bad", asked.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Raw_passes_all_bytes_in_both_directions()
    {
        byte[] content = [0, 10, 13, 255, 10];
        await File.WriteAllBytesAsync(Path.Combine(_home.Work, "bytes"), content);
        var (_, address) = await _home.ServeAsync("reply", "unix://cat", "--exec", "cat", "--raw");
        var requester = _home.Start("request", address, "--file", "bytes", "--raw");
        using var reply = new MemoryStream();

        await requester.Output.CopyToAsync(reply);

        Assert.Equal(content, reply.ToArray());
        Assert.Equal(0, (await requester.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task A_failed_command_is_reported_with_its_stderr()
    {
        var (_, address) = await _home.ServeAsync("reply", "unix://broken", "--exec", "echo out of paper >&2; exit 3");

        var asked = await _home.RunAsync("request", address, "print");

        Assert.True(asked.ExitCode == 1, asked.ToString());
        Assert.Contains("exit code 3: out of paper", asked.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_that_reads_no_input_still_answers()
    {
        await File.WriteAllBytesAsync(Path.Combine(_home.Work, "large"), new byte[1_000_000]);
        var (_, address) = await _home.ServeAsync("reply", "unix://deaf", "--exec", "echo done");

        var asked = await _home.RunAsync("request", address, "--file", "large");

        Assert.True(asked is { ExitCode: 0, Output: "done\n" }, asked.ToString());
    }

    [Fact]
    public async Task An_interrupted_requester_ends_its_command_at_the_responder()
    {
        var (responder, address) = await _home.ServeAsync(
            "reply", "unix://slow", "--exec", "echo $$ > writing; mv writing pid; exec tail -f /dev/null", "--count", "1");
        var requester = _home.Start("request", address, "wait");
        var pid = (await _home.FileAsync("pid")).Trim();
        await requester.SignalAsync("INT");

        Assert.Equal(130, (await requester.EndAsync()).ExitCode);
        Assert.Equal(0, (await responder.EndAsync()).ExitCode);
        Assert.False(Directory.Exists($"/proc/{pid}"));
    }

    [Fact]
    public async Task Request_exits_124_at_its_timeout()
    {
        var (_, address) = await _home.ServeAsync("reply", "unix://slow", "--exec", "exec tail -f /dev/null");

        var asked = await _home.RunAsync("request", address, "wait", "--timeout", "500ms");

        Assert.True(asked.ExitCode == 124, asked.ToString());
    }

    [Fact]
    public async Task A_command_that_runs_too_long_is_ended_and_reported()
    {
        var (_, address) = await _home.ServeAsync("reply", "unix://slow", "--exec", "exec tail -f /dev/null", "--timeout", "300ms");

        var asked = await _home.RunAsync("request", address, "wait");

        Assert.True(asked.ExitCode == 124, asked.ToString());
        Assert.Contains("ran longer than 300 ms", asked.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_exits_6_when_the_responder_dies()
    {
        var (responder, address) = await _home.ServeAsync("reply", "unix://slow", "--exec", "touch asked; exec tail -f /dev/null");
        var requester = _home.RunAsync("request", address, "wait");
        await _home.FileAsync("asked");
        await responder.SignalAsync("KILL");

        var outcome = await requester;

        Assert.True(outcome.ExitCode == 6, outcome.ToString());
    }

    [Fact]
    public async Task A_responder_keeps_no_descriptor_of_a_command_that_has_ended()
    {
        // Far fewer descriptors than a hundred commands would leave.
        var responder = _home.StartShell("ulimit -n 150; fairlead reply unix://upper --exec 'tr a-z A-Z' --verbose");
        await responder.ErrorLineAsync("listening on ");
        var requester = _home.Start("request", "unix://upper", "-", "--in-flight", "2");
        await requester.SayAsync([.. Enumerable.Range(0, 100).Select(static n => $"line {n}")]);

        var asked = await requester.EndAsync();

        Assert.True(asked.ExitCode == 0, asked.ToString());
        Assert.Equal(Enumerable.Range(0, 100).Select(static n => $"LINE {n}"), asked.Lines);
    }

    [Fact]
    public async Task A_command_starts_with_default_signal_actions_and_no_blocked_signals()
    {
        // Children also ignore the signals that this process ignores; only SIGPIPE has its default effect again.
        var status = await File.ReadAllLinesAsync("/proc/self/status");
        var line = status.Single(static line => line.StartsWith("SigIgn:", StringComparison.Ordinal));
        var ignored = Convert.ToUInt64(line[7..].Trim(), 16) & ~(1UL << 12);
        var (_, address) = await _home.ServeAsync(
            "reply", "unix://signals", "--exec", "grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -s '\t\n' '  '");

        var asked = await _home.RunAsync("request", address, "x");

        Assert.True(asked is { ExitCode: 0, Error: "" }, asked.ToString());
        Assert.Equal($"SigBlk: {0:x16} SigIgn: {ignored:x16}", asked.Output.Trim());
    }

    [Fact]
    public async Task A_writer_of_a_pipeline_ends_with_its_reader()
    {
        var (_, address) = await _home.ServeAsync("reply", "unix://loop", "--exec", "while :; do echo x; done 2>/dev/null | head -n 1");

        var asked = await _home.RunAsync("request", address, "x", "--timeout", "30s");

        Assert.True(asked is { ExitCode: 0, Output: "x\n", Error: "" }, asked.ToString());
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "")]
    [InlineData(65_535, "")]
    [InlineData(65_536, "")]
    [InlineData(1_000_000, "")]
    [InlineData(0, "echo")]
    [InlineData(65_535, "echo")]
    [InlineData(65_536, "echo")]
    public async Task An_answer_of_any_length_is_what_the_command_wrote_without_its_last_newline(int length, string last)
    {
        var (_, address) = await _home.ServeAsync("reply", "unix://long", "--exec", $"head -c {length} /dev/zero | tr '\\0' x; {last}");

        var asked = await _home.RunAsync("request", address, "how long?");

        Assert.True(asked.ExitCode == 0, asked.ToString());
        Assert.Equal(new string('x', length) + "\n", asked.Output);
    }

    [Theory]
    [InlineData("yes", "16777216")]
    [InlineData("yes & yes", "16777216")]
    [InlineData("exec yes", "100000", "--max-output", "100000")]
    [InlineData("head -c 100001 /dev/zero", "100000", "--max-output", "100000")]
    public async Task A_command_that_writes_too_much_is_killed(string command, string limit, params string[] options)
    {
        string pids = Path.Combine(_home.Work, "pid");
        var (_, address) = await _home.ServeAsync(
            ["reply", "unix://much", "--exec", $"echo $$ > '{pids}'; case $(cat) in ok) echo fine;; *) {command};; esac", .. options]);

        var asked = await _home.RunAsync("request", address, "much", "--timeout", "60s");

        Assert.True(asked.ExitCode == ExitCode.Failure, asked.ToString());
        Assert.Contains($"the command wrote more than {limit} bytes and was killed", asked.Error, StringComparison.Ordinal);
        await Polling.Until(() => !Directory.Exists($"/proc/{File.ReadAllText(pids).Trim()}"));
        Assert.Equal("fine\n", (await _home.RunAsync("request", address, "ok")).Output);
    }

    [Theory]
    [InlineData("unix://who")]
    [InlineData("tcp://127.0.0.1:0")]
    public async Task The_environment_of_a_command_names_its_requester(string place)
    {
        var (_, address) = await _home.ServeAsync("reply", place, "--exec", "env | grep ^FAIRLEAD_PEER | sort");

        var asked = await _home.RunAsync("request", address, "who?");

        Assert.True(asked.ExitCode == 0, asked.ToString());
        string[] known = place.StartsWith("unix", StringComparison.Ordinal)
            ? ["FAIRLEAD_PEER=pid ", "FAIRLEAD_PEER_PID=", "FAIRLEAD_PEER_UID="]
            : ["FAIRLEAD_PEER=127.0.0.1:", "FAIRLEAD_PEER_ADDRESS=127.0.0.1:"];
        Assert.Equal(known.Length, asked.Lines.Length);
        Assert.All(known.Zip(asked.Lines), static pair => Assert.StartsWith(pair.First, pair.Second, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_command_may_write_as_many_bytes_as_its_limit()
    {
        var (_, address) = await _home.ServeAsync(
            "reply", "unix://much", "--raw", "--exec", "head -c 100000 /dev/zero | tr '\\0' x", "--max-output", "100000");

        var asked = await _home.RunAsync("request", address, "much");

        Assert.Equal(new string('x', 100_000) + "\n", asked.Output);
    }

    [Fact]
    public async Task The_end_of_a_long_stderr_is_reported()
    {
        var (_, address) = await _home.ServeAsync("reply", "unix://broken", "--exec", "seq 100000 >&2; exit 1");

        var asked = await _home.RunAsync("request", address, "count");

        Assert.True(asked.ExitCode == 1, asked.ToString());
        Assert.Contains("exit code 1: …", asked.Error, StringComparison.Ordinal);
        Assert.EndsWith(" 99999 100000\n", asked.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_was_cancelled_gets_no_answer()
    {
        const byte Request = 4, Reply = 5, Cancel = 7;
        var path = Path.Combine(_home.Work, "slow");
        await _home.ServeAsync(
            "reply",
            $"unix://{path}",
            "--exec",
            "read name; touch \"$name\"; [ $name = second ] || exec tail -f /dev/null",
            "--parallel",
            "1");
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 180_000 };
        using RawPeer requester = new(socket);
        await requester.Socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        requester.SayHello("Requester");
        Assert.Equal((byte)'W', requester.Read()!.Value.Kind);
        requester.Send(Request, "first"u8.ToArray(), id: 1);
        await _home.FileAsync("first");
        requester.Send(Cancel, [], id: 1);
        requester.Send(Request, "second"u8.ToArray(), id: 2);

        byte kind;
        do
        {
            kind = requester.Read()!.Value.Kind;
        }
        while (kind == 11);

        Assert.Equal(Reply, kind);
    }

    [Fact]
    public async Task A_command_counts_as_running_until_its_answer_is_read_or_its_requester_leaves()
    {
        const byte Request = 4;
        const int Parallel = 4;
        var path = Path.Combine(_home.Work, "long");
        const string Command = "cat >> asked; head -c 16000000 /dev/zero";
        await _home.ServeAsync("reply", $"unix://{path}", "--exec", Command, "--parallel", $"{Parallel}");
        var requesters = new List<RawPeer>();
        try
        {
            for (var i = 0; i <= Parallel; i++)
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 180_000 };
                RawPeer requester = new(socket);
                requesters.Add(requester);
                await requester.Socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
                requester.SayHello("Requester");
                Assert.Equal((byte)'W', requester.Read()!.Value.Kind);
                requester.Send(Request, "once"u8.ToArray(), id: 1);
                if (i < Parallel)
                {
                    AwaitAnswer(requester);
                }
            }

            // Time in which one command more would begin.
            await _home.RunAsync("list");
            Assert.Equal(Parallel, File.ReadAllLines(Path.Combine(_home.Work, "asked")).Length);

            requesters[0].Dispose();
            AwaitAnswer(requesters[^1]);
        }
        finally
        {
            requesters.ForEach(static requester => requester.Dispose());
        }

        // Acknowledgements, which have no number, may come before it.
        static void AwaitAnswer(RawPeer requester)
        {
            uint? id;
            do
            {
                id = requester.ReadHeader();
            }
            while (id == 0);

            Assert.Equal(1u, id);
        }
    }
}
