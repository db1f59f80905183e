using System.Globalization;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>chat: a room of numbered clients, with programs of Fairlead and others, and a talk of two.</summary>
[SlowRun]
public sealed class ChatTests : IDisposable
{
    private const string Refusal = "the room is full: 1 clients are here";

    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("unix://chat")]
    [InlineData("tcp://127.0.0.1:0")]
    [InlineData("shm://chat")]
    public async Task A_room_of_five_delivers_public_and_private_lines_to_their_recipients(string address)
    {
        var (server, bound) = await _home.ServeAsync(
            "chat", "serve", $"{address}?framing=fairlead", "--also", "tcp://127.0.0.1:0", "--raw");
        Address raw = (await server.ErrorLineAsync("listening on "))["listening on ".Length..];
        var ada = await JoinAsync(server, 1, bound, "--name", "ada");
        Assert.Equal("* client 1 is now ada", await server.LineAsync());
        Assert.Equal("* you are client 1 ada", await ada.LineAsync());
        var second = await JoinAsync(server, 2, bound);
        var third = await JoinAsync(server, 3, bound, "--input-fifo", "typed");
        using var fourth = new RawClient(raw);
        Assert.Equal("* client 4 joined", await server.LineAsync());
        using var fifth = new RawClient(raw);
        Assert.Equal("* client 5 joined", await server.LineAsync());

        // To one, of either kind, and by way of a FIFO.
        await ada.SayAsync("@4 a word to four");
        Assert.Equal("1 ada: a word to four", await fourth.LineAsync());
        await fourth.SayAsync("@ada a word back\n\0");
        Assert.Equal("4 to you: a word back", await LineBehindAsync(ada, "* client "));
        var typist = _home.Start("chat", "input", "typed");
        await typist.SayAsync("@2 typed elsewhere");
        Assert.Equal("3 to you: typed elsewhere", await LineBehindAsync(second, "* client "));
        await server.SayAsync("@5 from the operator");
        Assert.Equal("from the operator", await fifth.LineAsync());

        // To all others, and no client has received a line for another.
        await fifth.SayAsync("to all\n");
        Assert.Equal("5: to all", await server.LineAsync());
        foreach (var client in (ToolProcess[])[ada, second, third])
        {
            Assert.Equal("5: to all", await LineBehindAsync(client, "* client "));
        }

        Assert.Equal("5: to all", await fourth.LineAsync());
        await server.SayAsync("from the operator to all");
        Assert.Equal("server: from the operator to all", await ada.LineAsync());
        Assert.Equal("from the operator to all", await fifth.LineAsync());
        Assert.Equal("from the operator to all", await fourth.LineAsync());

        // Numbers are not given twice.
        await second.SayAsync("end");
        Assert.Equal("* client 2 left", await server.LineAsync());
        Assert.Equal(0, (await second.ExitAsync()).ExitCode);
        await typist.SayAsync("end");
        Assert.Equal("* client 3 left", await server.LineAsync());
        Assert.Equal(0, (await third.ExitAsync()).ExitCode);
        Assert.Equal(0, (await typist.ExitAsync()).ExitCode);
        await fourth.SayAsync("end\n");
        Assert.Equal("* client 4 left", await server.LineAsync());
        Assert.Null(await fourth.LineAsync());
        var sixth = await JoinAsync(server, 6, bound);

        // A stopped client delays no other.
        await sixth.SignalAsync("STOP");
        var lines = Enumerable.Range(0, 300).Select(static n => $"line {n}").ToArray();
        await ada.SayAsync(lines);
        foreach (var line in lines)
        {
            Assert.Equal($"1 ada: {line}", await fifth.LineAsync());
        }

        await sixth.SignalAsync("CONT");
        await server.SayAsync("/quit");
        var heard = await sixth.ExitAsync();
        Assert.True(heard.ExitCode == 0, heard.ToString());
        Assert.Equal([.. lines.Select(static line => $"1 ada: {line}"), "* the room closes", "* the other side has left"], heard.Lines);
        Assert.Equal(0, (await ada.ExitAsync()).ExitCode);
        Assert.Equal(0, (await server.ExitAsync()).ExitCode);
    }

    [Fact]
    public async Task Names_are_checked_and_commands_are_answered()
    {
        var (server, address) = await _home.ServeAsync("chat", "serve", "unix://chat");
        var ada = await JoinAsync(server, 1, address, "--name", "ada");
        Assert.Equal("* client 1 is now ada", await server.LineAsync());
        Assert.Equal("* you are client 1 ada", await ada.LineAsync());
        var second = await JoinAsync(server, 2, address);
        await second.SayAsync("/name Ada", "/name 7", "/bogus", "@9 hello", "@@9 is nobody", "/who", "@server psst");

        Assert.StartsWith("* client 1 is called ada already", await second.LineAsync(), StringComparison.Ordinal);
        Assert.StartsWith("* a name is a letter first", await second.LineAsync(), StringComparison.Ordinal);
        Assert.StartsWith("* the room does not know /bogus", await second.LineAsync(), StringComparison.Ordinal);
        Assert.StartsWith("* client 9 is not here", await second.LineAsync(), StringComparison.Ordinal);
        Assert.Equal("* server: 2 clients are here", await second.LineAsync());
        Assert.Equal($"* client 1 ada (pid {ada.Id})", await second.LineAsync());
        Assert.Equal($"* client 2 (pid {second.Id})", await second.LineAsync());
        Assert.Equal("2: @9 is nobody", await server.LineAsync());
        Assert.Equal("2 to you: psst", await server.LineAsync());
        await second.SignalAsync("INT");
        Assert.Equal("* client 2 left", await server.LineAsync());
        Assert.Equal(130, (await second.ExitAsync()).ExitCode);
        await server.SignalAsync("TERM");
        Assert.Equal(143, (await server.ExitAsync()).ExitCode);
        Assert.Equal(0, (await ada.ExitAsync()).ExitCode);
    }

    [Fact]
    public async Task A_joining_client_receives_the_list_of_other_clients()
    {
        var (server, address) = await _home.ServeAsync("chat", "serve", "unix://chat");
        await JoinAsync(server, 1, address, "--name", "ada");
        Assert.Equal("* client 1 is now ada", await server.LineAsync());
        await JoinAsync(server, 2, address);
        var third = _home.Start("chat", "join", address);
        Assert.Equal("* you are client 3; 2 clients are here: 1 ada, 2", await third.LineAsync());
    }

    [Fact]
    public async Task Star_clients_exchange_lines_with_the_operator_only()
    {
        var (server, address) = await _home.ServeAsync("chat", "serve", "tcp://127.0.0.1:0", "--raw", "--star");
        using var first = new RawClient(address);
        Assert.Equal("* client 1 joined", await server.LineAsync());
        var second = _home.Start("chat", "join", address, "--raw");
        Assert.Equal("* client 2 joined", await server.LineAsync());

        await first.SayAsync("hello\n\0");
        Assert.Equal("1: hello", await server.LineAsync());
        await second.SayAsync("@1 hello");
        Assert.Equal("2: @1 hello", await server.LineAsync());
        await server.SayAsync("@2 to two", "to all");
        Assert.Equal("to all", await first.LineAsync());
        Assert.Equal("to two", await second.LineAsync());
        Assert.Equal("to all", await second.LineAsync());
        await second.SayAsync("end");
        Assert.Equal("* client 2 left", await server.LineAsync());
    }

    [Fact]
    public async Task A_client_beyond_the_limit_is_refused_with_a_message()
    {
        var (server, address) = await _home.ServeAsync(
            "chat", "serve", "unix://chat", "--max", "1", "--also", "tcp://127.0.0.1:0?framing=line");
        Address lines = (await server.ErrorLineAsync("listening on "))["listening on ".Length..];
        var first = await JoinAsync(server, 1, address);
        using (var foreign = new RawClient(lines))
        {
            Assert.StartsWith($"* {Refusal}", await foreign.LineAsync(), StringComparison.Ordinal);
            Assert.Null(await foreign.LineAsync());
        }

        Assert.StartsWith("* refused ", await server.LineAsync(), StringComparison.Ordinal);
        var second = await _home.RunAsync("chat", "join", address);
        Assert.True(second.ExitCode == 7, second.ToString());
        await first.SayAsync("/quit");
        Assert.Equal("* client 1 left", await server.LineAsync());
        await JoinAsync(server, 2, address);
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_disconnected_and_learns_the_reason()
    {
        var (server, _) = await _home.ServeAsync("chat", "serve", "unix://chat?messages=4");
        var stopped = await JoinAsync(server, 1, "unix://chat?messages=2");
        var other = await JoinAsync(server, 2, "unix://chat");
        await stopped.SignalAsync("STOP");
        await server.SayAsync([.. Enumerable.Range(0, 100).Select(static n => $"line {n}")]);

        Assert.StartsWith("* client 1 left: it read too slowly", await server.LineAsync(), StringComparison.Ordinal);
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal($"server: line {i}", await LineBehindAsync(other, "* client 1 left"));
        }

        await stopped.SignalAsync("CONT");
        var outcome = await stopped.ExitAsync();
        Assert.True(outcome.ExitCode == 6, outcome.ToString());
        Assert.Contains("it read too slowly", outcome.Error, StringComparison.Ordinal);
    }

    /// <summary>FAIRLEAD_CHAT_LOAD=500x200000 makes it larger: clients, and lines of all together.</summary>
    [Fact]
    public async Task Many_raw_clients_exchange_lines_and_lose_none()
    {
        var size = (Environment.GetEnvironmentVariable("FAIRLEAD_CHAT_LOAD") ?? "100x20000").Split('x');
        var clients = int.Parse(size[0], CultureInfo.InvariantCulture);
        var each = int.Parse(size[1], CultureInfo.InvariantCulture) / clients;
        var (server, address) = await _home.ServeAsync("chat", "serve", "tcp://127.0.0.1:0", "--raw");
        var raw = new RawClient[clients];
        try
        {
            for (var i = 0; i < clients; i++)
            {
                raw[i] = new RawClient(address);
                Assert.Equal($"* client {i + 1} joined", await server.LineAsync());
            }

            var started = TimeProvider.System.GetTimestamp();
            var threads = Threads(server);
            await Task.WhenAll([.. Enumerable.Range(0, clients).Select(Speak), .. Enumerable.Range(0, clients).Select(Hear)]);
            Console.WriteLine(
                $"{clients} clients, {clients * each} lines, {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s,"
                    + $" {threads} threads before, {Threads(server)} after");
            Assert.InRange(Threads(server), 1, 50);
        }
        finally
        {
            foreach (var client in raw)
            {
                client?.Dispose();
            }
        }

        // Each speaks to its neighbours in turn, so each hears from all others, and from each in order.
        async Task Speak(int me)
        {
            for (var n = 0; n < each; n++)
            {
                var to = (me + 1 + n % (clients - 1)) % clients;
                await raw[me].SayAsync(string.Create(CultureInfo.InvariantCulture, $"@{to + 1} {n}\n"));
            }
        }

        async Task Hear(int me)
        {
            var last = new int[clients + 1];
            Array.Fill(last, -1);
            var expected = Enumerable.Range(0, clients).Where(from => from != me).Sum(from => CountOf(from, me));
            for (var n = 0; n < expected; n++)
            {
                var line = (await raw[me].LineAsync())!.Split(": ");
                var from = int.Parse(line[0], CultureInfo.InvariantCulture);
                var number = int.Parse(line[1], CultureInfo.InvariantCulture);
                Assert.True(number > last[from], $"{from} said {number} behind {last[from]}");
                last[from] = number;
            }
        }

        int CountOf(int from, int to) => Enumerable.Range(0, each).Count(n => (from + 1 + n % (clients - 1)) % clients == to);
    }

    [Theory]
    [InlineData("unix://talk")]
    [InlineData("tcp://127.0.0.1:{0}")]
    [InlineData("shm://talk")]
    [InlineData("fifo://there,back")]
    public async Task Two_sides_exchange_lines_whichever_starts_first(string address)
    {
        address = string.Format(CultureInfo.InvariantCulture, address, FreePort());
        var first = _home.Start("chat", "pair", address);
        await first.ErrorLineAsync("waiting for the other side");
        await first.SayAsync("is there anybody?");
        var second = _home.Start("chat", "pair", address);
        await second.ErrorLineAsync("connected to ");

        Assert.Equal("is there anybody?", await second.LineAsync());
        await second.SayAsync("yes");
        Assert.Equal("yes", await first.LineAsync());
        await second.SayAsync("end");
        Assert.Equal("* the other side has left", await first.LineAsync());
        Assert.Equal(0, (await second.ExitAsync()).ExitCode);
        Assert.Equal(0, (await first.ExitAsync()).ExitCode);
    }

    [Theory]
    [InlineData("unix://talk", "INT")]
    [InlineData("unix://talk", "KILL")]
    [InlineData("tcp://127.0.0.1:{0}", "INT")]
    [InlineData("tcp://127.0.0.1:{0}", "KILL")]
    [InlineData("shm://talk", "INT")]
    [InlineData("shm://talk", "KILL")]
    [InlineData("fifo://there,back", "INT")]
    [InlineData("fifo://there,back", "KILL")]
    public async Task The_first_side_sees_the_other_leave_and_the_next_partner_gets_no_old_lines(string address, string signal)
    {
        address = string.Format(CultureInfo.InvariantCulture, address, FreePort());
        var first = _home.Start("chat", "pair", address);
        await first.ErrorLineAsync("waiting for the other side");
        var second = _home.Start("chat", "pair", address);
        await second.ErrorLineAsync("connected to ");
        await second.SayAsync("hello");
        Assert.Equal("hello", await first.LineAsync());
        await second.SignalAsync(signal);
        await second.DiedAsync();

        Assert.StartsWith("* the other side has ", await first.LineAsync(), StringComparison.Ordinal);
        try
        {
            await first.SayAsync("a secret for the second");
        }
        catch (IOException)
        {
            // It has ended already.
        }

        await first.ExitAsync();
        var third = _home.Start("chat", "pair", address);
        await third.ErrorLineAsync("waiting for the other side");
        var fourth = _home.Start("chat", "pair", address);
        await fourth.SayAsync("who is there?");
        Assert.Equal("who is there?", await third.LineAsync());
        Assert.Equal("", (await fourth.EndAsync()).Output);
        await third.ExitAsync();
    }

    [NeedsProgramFact("nc")]
    public async Task A_raw_client_joins_a_server_without_Fairlead()
    {
        var path = Path.Combine(_home.Work, "plain");
        var server = _home.StartShell($"echo ready >&2; exec nc -l -U '{path}'");
        await server.ErrorLineAsync("ready");
        var client = _home.Start("chat", "join", $"unix://{path}", "--raw", "--wait", "1m");
        await client.SayAsync("/who knows", "@2 hello");
        Assert.Equal("/who knows", await server.LineAsync());
        Assert.Equal("@2 hello", await server.LineAsync());
        await server.SayAsync("\e[31mplain");
        Assert.Equal(" [31mplain", await client.LineAsync());
        await client.SayAsync("end");
        Assert.Equal("end", await server.LineAsync());
        Assert.Equal(0, (await client.ExitAsync()).ExitCode);
    }

    [NeedsProgramFact("script")]
    public async Task An_arriving_line_does_not_break_the_line_typed_on_a_terminal()
    {
        var (server, address) = await _home.ServeAsync("chat", "serve", "unix://chat");
        var tool = string.Join(' ', ToolHome.Tool);
        var client = _home.StartShell($"TERM=xterm exec script -qec \"stty cols 40; {tool} chat join {address}\" /dev/null");
        Assert.Equal("* client 1 joined", await server.LineAsync());
        await KeysAsync("helo");
        await UntilAsync("> helo\e[K");
        await server.SayAsync("look \e[31mhere");
        await UntilAsync("\r\e[Kserver: look  [31mhere");
        await UntilAsync("> helo\e[K");
        await KeysAsync("\e[Dl\r\e[A");
        Assert.Equal("1: hello", await server.LineAsync());
        await UntilAsync("> hello\e[K");
        await KeysAsync("\u0003");
        Assert.Equal("* client 1 left", await server.LineAsync());
        Assert.Equal(130, (await client.ExitAsync()).ExitCode);

        async Task KeysAsync(string keys)
        {
            await client.Input.WriteAsync(keys);
            await client.Input.FlushAsync();
        }

        async Task UntilAsync(string shown)
        {
            var seen = "";
            var bytes = new byte[1];
            using var watchdog = new CancellationTokenSource(TimeSpan.FromMinutes(3));
            while (!seen.EndsWith(shown, StringComparison.Ordinal))
            {
                Assert.True(await client.Output.ReadAsync(bytes, watchdog.Token) > 0, $"'{shown}' is not in '{seen}'");
                seen += (char)bytes[0];
            }
        }
    }

    private static int Threads(ToolProcess process) => Directory.GetDirectories($"/proc/{process.Id}/task").Length;

    /// <summary>A port below those that the system chooses by itself: it could give such a port away before it is bound here.</summary>
    private static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(10_000, 20_000);
            try
            {
                using var pair = Pair.Bind($"tcp://127.0.0.1:{port}");
                return port;
            }
            catch (FairleadException taken) when (taken.Code == ErrorCode.AlreadyExists)
            {
                // Another program has it: the next one may be free.
            }
        }
    }

    private static async Task<string?> LineBehindAsync(ToolProcess process, string skipped)
    {
        while (await process.LineAsync() is { } line)
        {
            if (!line.StartsWith(skipped, StringComparison.Ordinal))
            {
                return line;
            }
        }

        return null;
    }

    private async Task<ToolProcess> JoinAsync(ToolProcess server, int number, string address, params string[] options)
    {
        var client = _home.Start(["chat", "join", address, .. options]);
        Assert.Equal($"* client {number} joined", await server.LineAsync());
        Assert.StartsWith($"* you are client {number}; ", await client.LineAsync(), StringComparison.Ordinal);
        return client;
    }
}
