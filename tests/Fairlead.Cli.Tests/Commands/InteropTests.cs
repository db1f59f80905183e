using System.Globalization;
using Fairlead.Cli.Tests.Running;
using Fairlead.Conformance;
using Fairlead.Memory;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>Plain C programs at the other end of the services, in both roles.</summary>
[FullRun(Reason.Variants)]
[SlowRun]
public sealed class InteropTests : IDisposable
{
    private const string DatePattern = @"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n$";

    private readonly ToolHome _home = new();
    /// <summary>How often each side of the clock in shared memory asks; 1,000 in the long form.</summary>
    private static readonly int Questions = TestSize.Given("FAIRLEAD_CLOCK_QUESTIONS", 20);

    private readonly int _key = Random.Shared.Next(1, int.MaxValue);

    private string Key => _key.ToString(CultureInfo.InvariantCulture);

    public void Dispose()
    {
        _home.Dispose();
        SharedRegion.RemoveSystemV(_key);
    }

    [NeedsProgramFact("cc")]
    public async Task A_client_in_C_reads_the_date_in_each_mode()
    {
        string client = await InteropProgram.CompileAsync(_home, "date_client");
        foreach (string mode in new[] { "iterative", "multiplexed", "process", "threads" })
        {
            var (_, address) = await _home.ServeAsync("serve", "date", "tcp://127.0.0.1:0", "--mode", mode);
            for (int i = 0; i < 3; i++)
            {
                var outcome = await _home.StartProgram([client, "127.0.0.1", PortOf(address)]).EndAsync();
                Assert.True(outcome.ExitCode == 0, outcome.ToString());
                Assert.Matches(DatePattern, outcome.Output);
            }
        }
    }

    [NeedsProgramFact("cc")]
    public async Task Get_reads_the_date_from_a_C_server()
    {
        var server = _home.StartProgram([await InteropProgram.CompileAsync(_home, "date_server"), "2"]);
        string port = (await server.LineAsync())!;
        for (int i = 0; i < 2; i++)
        {
            var outcome = await _home.RunAsync("get", "date", $"tcp://127.0.0.1:{port}");
            Assert.True(outcome.ExitCode == 0, outcome.ToString());
            Assert.Matches(DatePattern, outcome.Output);
        }

        Assert.Equal(0, (await server.EndAsync()).ExitCode);
    }

    [NeedsProgramFact("cc")]
    public async Task A_C_client_gets_its_datagrams_echoed()
    {
        var (_, address) = await _home.ServeAsync("serve", "echo", "udp://127.0.0.1:0");
        string client = await InteropProgram.CompileAsync(_home, "echo_udp_client");
        for (int i = 0; i < 2; i++)
        {
            var outcome = await _home.StartProgram([client, "127.0.0.1", PortOf(address), "200"]).EndAsync();
            Assert.True(outcome is { ExitCode: 0, Output: "200\n" }, outcome.ToString());
        }
    }

    [NeedsProgramFact("cc")]
    public async Task A_C_client_reads_the_shared_memory_clock_also_after_a_server_was_killed()
    {
        string client = await InteropProgram.CompileAsync(_home, "shmtime_client");
        for (int i = 0; i < 2; i++)
        {
            var server = _home.Start("serve", "shmtime", "--key", Key);
            var waiting = await _home.RunAsync("get", "shmtime", "--key", Key, "--wait", "1m");
            Assert.True(waiting.ExitCode == 0, waiting.ToString());
            var outcome = await _home.StartProgram([client, Key, "1000"]).EndAsync();
            Assert.True(outcome.ExitCode == 0, outcome.ToString());
            Assert.Matches(DatePattern, outcome.Output);

            // Killed, it leaves the segment, in which the next one serves.
            await server.SignalAsync("KILL");
            await server.ExitAsync();
            Assert.NotNull(SharedRegion.FindSystemV(_key));
        }
    }

    [NeedsProgramFact("cc")]
    public async Task Get_reads_a_C_clock_and_exits_124_while_it_is_stopped()
    {
        var server = _home.StartProgram([await InteropProgram.CompileAsync(_home, "shmtime_server"), Key, "1000"]);
        Assert.Equal("ready", await server.LineAsync());
        await server.SignalAsync("STOP");
        var silent = await _home.RunAsync("get", "shmtime", "--key", Key, "--timeout", "200ms");
        Assert.True(silent.ExitCode == 124, silent.ToString());
        await server.SignalAsync("CONT");
        for (int i = 0; i < 2; i++)
        {
            Assert.Matches(DatePattern, (await _home.RunAsync("get", "shmtime", "--key", Key)).Output);
        }
    }

    [Fact]
    public async Task A_clock_started_with_once_removes_its_segment()
    {
        var once = _home.Start("serve", "shmtime", "--key", Key, "--once");
        Assert.Equal(0, (await _home.RunAsync("get", "shmtime", "--key", Key, "--wait", "1m")).ExitCode);
        Assert.Equal(0, (await once.ExitAsync()).ExitCode);
        Assert.Null(SharedRegion.FindSystemV(_key));
        var nobody = await _home.RunAsync("get", "shmtime", "--key", Key);
        Assert.True(nobody.ExitCode == 3, nobody.ToString());
    }

    /// <summary>A client killed in the middle of its question, and a server killed at any moment, stop no other process.</summary>
    [FullRun(Reason.Repeats)]
    [NeedsProgramFact("cc")]
    public async Task The_clock_in_shared_memory_survives_killed_clients_and_servers()
    {
        string client = await InteropProgram.CompileAsync(_home, "shmtime_client");
        for (int i = 0; i < Questions; i++)
        {
            var server = _home.Start("serve", "shmtime", "--key", Key);
            Assert.Equal(0, (await _home.RunAsync("get", "shmtime", "--key", Key, "--wait", "1m", "--timeout", "1m")).ExitCode);
            var dying = _home.StartProgram([client, Key, "100000000"]);
            var living = await _home.StartProgram([client, Key, "10"]).EndAsync();
            Assert.True(living.ExitCode == 0, living.ToString());
            await dying.SignalAsync("KILL");
            await dying.ExitAsync();
            var next = await _home.StartProgram([client, Key, "10"]).EndAsync();
            Assert.True(next.ExitCode == 0, next.ToString());
            await server.SignalAsync("KILL");
            await server.ExitAsync();
        }
    }

    /// <summary>The tool is the client of a C server, many times; each run is a process.</summary>
    [NeedsProgramFact("cc")]
    public async Task Get_reads_a_C_clock_many_times()
    {
        // Another question may fall into the time of this one; the server then answers twice.
        var server = _home.StartProgram([await InteropProgram.CompileAsync(_home, "shmtime_server"), Key, "100000000"]);
        Assert.Equal("ready", await server.LineAsync());
        for (int i = 0; i < Questions; i++)
        {
            var outcome = await _home.RunAsync("get", "shmtime", "--key", Key, "--timeout", "1m");
            Assert.True(outcome.ExitCode == 0, outcome.ToString());
            Assert.Matches(DatePattern, outcome.Output);
        }
    }

    [NeedsProgramFact("cc")]
    public async Task Clients_in_C_reach_a_stream_and_a_datagram_server_on_one_port()
    {
        using PortReservation reservation = PortReservation.Tcp();
        int port = reservation.Ports[0];
        reservation.Dispose();
        string text = port.ToString(CultureInfo.InvariantCulture);
        await _home.ServeAsync("serve", "echo", $"tcp://127.0.0.1:{text}", $"udp://127.0.0.1:{text}");
        string stream = await InteropProgram.CompileAsync(_home, "stream_client");
        string datagram = await InteropProgram.CompileAsync(_home, "datagram_client");
        foreach (string client in new[] { stream, datagram, stream, datagram })
        {
            var outcome = await _home.StartProgram([client, text, "is it safe?"]).EndAsync();
            Assert.True(outcome is { ExitCode: 0, Output: "is it safe?\n" }, outcome.ToString());
        }
    }

    [NeedsProgramFact("cc")]
    public async Task Clients_in_C_are_answered_by_Unix_datagrams()
    {
        string client = await InteropProgram.CompileAsync(_home, "unix_datagram_client");
        string path = Path.Combine(_home.Work, "server");
        var (echo, _) = await _home.ServeAsync("serve", "echo", $"unixgram://{path}");
        for (int i = 0; i < 40; i++)
        {
            var outcome = await _home.StartProgram([client, path, Path.Combine(_home.Work, "own"), $"datagram {i}"]).EndAsync();
            Assert.True(outcome.ExitCode == 0 && outcome.Output == $"datagram {i}\n", outcome.ToString());
        }

        var taken = await _home.RunAsync("serve", "date", $"unixgram://{path}");
        Assert.True(taken.ExitCode == 4, taken.ToString());
        Assert.Contains($"held by pid {echo.Id}", taken.Error, StringComparison.Ordinal);
        await echo.SignalAsync("TERM");
        await echo.ExitAsync();
        Assert.False(File.Exists(path));
        await _home.ServeAsync("serve", "date", $"unixgram://{path}");
        var told = await _home.StartProgram([client, path, Path.Combine(_home.Work, "own"), "?"]).EndAsync();
        Assert.Matches(DatePattern, told.Output);
    }

    [Theory]
    [InlineData("date")]
    [InlineData("daytime")]
    [InlineData("time")]
    public async Task Serve_and_get_carry_the_time_over_Unix_datagrams(string service)
    {
        string path = Path.Combine(_home.Work, "clock");
        var missing = await _home.RunAsync("get", service, $"unixgram://{path}");
        Assert.True(missing.ExitCode == 3, missing.ToString());
        var (server, _) = await _home.ServeAsync("serve", service, $"unixgram://{path}");
        var told = await _home.RunAsync("get", service, $"unixgram://{path}");
        Assert.True(told is { ExitCode: 0, Error: "" } && told.Output.Contains(':', StringComparison.Ordinal), told.ToString());
        var waited = await _home.RunAsync("get", service, $"unixgram://{path}", "--wait", "30s");
        Assert.Equal(0, waited.ExitCode);
        await server.SignalAsync("STOP");
        var late = await _home.RunAsync("get", service, $"unixgram://{path}", "--timeout", "300ms");
        Assert.True(late.ExitCode == 124, late.ToString());
        await server.SignalAsync("CONT");
        Assert.Equal(0, (await _home.RunAsync("get", service, $"unixgram://{path}")).ExitCode);
    }

    [NeedsProgramTheory("cc")]
    [InlineData(null)]
    [InlineData("1024")]
    public async Task Clients_in_C_chat_in_a_room(string? block)
    {
        string client = await InteropProgram.CompileAsync(_home, "chat_client");
        string[] form = block is null ? ["--raw"] : ["--block", block];
        var (server, address) = await _home.ServeAsync(["chat", "serve", "tcp://127.0.0.1:0", .. form]);
        var first = _home.StartProgram([client, "127.0.0.1", PortOf(address), .. block is null ? [] : new[] { block }]);
        Assert.Equal("* client 1 joined", await server.LineAsync());
        var second = _home.StartProgram([client, "127.0.0.1", PortOf(address), .. block is null ? [] : new[] { block }]);
        Assert.Equal("* client 2 joined", await server.LineAsync());
        await first.SayAsync("a long line, which leaves garbage in the buffer", "short");
        foreach (string text in new[] { "a long line, which leaves garbage in the buffer", "short" })
        {
            Assert.Equal($"1: {text}", await server.LineAsync());
            Assert.Equal($"1: {text}", await second.LineAsync());
        }

        await second.SayAsync("@1 for you alone");
        Assert.Equal("2: for you alone", await first.LineAsync());
        await server.SayAsync("@2 from the operator");
        Assert.Equal("from the operator", await second.LineAsync());
        await first.SayAsync("end");
        Assert.Equal(0, (await first.ExitAsync()).ExitCode);
        Assert.Equal("* client 1 left", await server.LineAsync());
    }

    [NeedsProgramTheory("cc")]
    [InlineData(null)]
    [InlineData("80")]
    public async Task The_tool_chats_with_a_server_in_C(string? block)
    {
        var server = _home.StartProgram(
            [await InteropProgram.CompileAsync(_home, "chat_server"), .. block is null ? [] : new[] { block }]);
        string port = (await server.LineAsync())!;
        var client = _home.Start(["chat", "join", $"tcp://127.0.0.1:{port}", .. block is null ? ["--raw"] : new[] { "--block", block }]);
        await client.SayAsync("hello");
        Assert.Equal("hello", await server.LineAsync());
        await server.SayAsync("a longer line from the server", "ok");
        Assert.Equal("a longer line from the server", await client.LineAsync());
        Assert.Equal("ok", await client.LineAsync());
        await client.SayAsync("end");
        Assert.Equal("end", await server.LineAsync());
        Assert.Equal(0, (await client.ExitAsync()).ExitCode);
        Assert.Equal(0, (await server.ExitAsync()).ExitCode);
    }

    [NeedsProgramTheory("cc")]
    [InlineData("1024")]
    [InlineData("80")]
    public async Task A_program_in_C_talks_over_two_FIFOs_in_blocks(string block)
    {
        string talk = await InteropProgram.CompileAsync(_home, "fifo_talk");
        string there = Path.Combine(_home.Work, "there");
        string back = Path.Combine(_home.Work, "back");
        var tool = _home.Start("chat", "pair", $"fifo://{there},{back}", "--block", block);
        await tool.ErrorLineAsync("waiting for the other side");
        var program = _home.StartProgram([talk, back, there, block]);
        await program.SayAsync("a question that fills the buffer with text");
        Assert.Equal("a question that fills the buffer with text", await tool.LineAsync());
        await tool.SayAsync("an answer");
        Assert.Equal("an answer", await program.LineAsync());
        await program.SayAsync("short");
        Assert.Equal("short", await tool.LineAsync());
        await tool.SayAsync("yes");
        Assert.Equal("yes", await program.LineAsync());
        await program.SayAsync("end");
        Assert.Equal("* the other side has left", await tool.LineAsync());
        Assert.Equal(0, (await program.ExitAsync()).ExitCode);
        Assert.Equal(0, (await tool.ExitAsync()).ExitCode);
    }

    [NeedsProgramFact("nc")]
    public async Task The_netcat_program_is_a_client()
    {
        var (_, address) = await _home.ServeAsync("serve", "echo", "tcp://127.0.0.1:0");
        var outcome = await _home.StartShell($"printf hello | nc -N 127.0.0.1 {PortOf(address)}").EndAsync();
        Assert.True(outcome is { ExitCode: 0, Output: "hello" }, outcome.ToString());
    }

    [NeedsProgramFact("socat")]
    public async Task The_socat_program_is_a_client_and_a_server()
    {
        var (_, address) = await _home.ServeAsync("serve", "daytime", $"unix://{_home.Work}/clock");
        var outcome = await _home.StartShell($"socat -t 60 - UNIX-CONNECT:{((Address)address).Place} < /dev/null").EndAsync();
        Assert.Matches(@"^\w+, \w+ \d+, \d{4} ", outcome.Output);
        string path = Path.Combine(_home.Work, "served");
        File.WriteAllText(Path.Combine(_home.Work, "told"), "date '+%Y-%m-%d %H:%M:%S'\n");
        var server = _home.StartShell($"exec socat UNIX-LISTEN:{path} 'EXEC:sh told'");
        var asked = await _home.RunAsync("get", "date", $"unix://{path}", "--wait", "1m");
        Assert.Matches(DatePattern, asked.Output);
        await server.ExitAsync();
    }

    [NeedsProgramFact("python3")]
    public async Task Sockets_of_Python_are_clients()
    {
        var (_, address) = await _home.ServeAsync("serve", "time", "tcp://127.0.0.1:0");
        var (_, datagrams) = await _home.ServeAsync("serve", "time", "udp://127.0.0.1:0");
        string program = """
            import socket, sys, time
            s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            stream = s.recv(4, socket.MSG_WAITALL)
            assert s.recv(1) == b""
            d = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            d.settimeout(60)
            d.sendto(b"x", ("127.0.0.1", int(sys.argv[2])))
            datagram = d.recv(100)
            for told in (stream, datagram):
                assert len(told) == 4
                assert abs(int.from_bytes(told, "big") - 2208988800 - time.time()) < 600
            print("ok")
            """;
        var outcome = await _home.StartProgram(["python3", "-c", program, PortOf(address), PortOf(datagrams)]).EndAsync();
        Assert.True(outcome is { ExitCode: 0, Output: "ok\n" }, outcome.ToString());
    }

    private static string PortOf(string address)
    {
        Address parsed = address;
        return parsed.Port!.Value.ToString(CultureInfo.InvariantCulture);
    }
}
