using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Fairlead.Cli.Tests.Running;
using Fairlead.Conformance;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>The modes of a server: the same answers in each, and no trace of the clients that have gone.</summary>
[FullRun(Reason.Variants)]
[SlowRun]
public sealed class ServeModeTests : IDisposable
{
    private const int Most = 8;

    private static readonly int Clients = TestSize.Of(60, full: 200);

    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("iterative")]
    [InlineData("multiplexed")]
    [InlineData("process")]
    [InlineData("threads")]
    public async Task Each_mode_gives_the_same_answers_over_each_transport(string mode)
    {
        string[] places = mode == "process"
            ? ["tcp://127.0.0.1:0", $"unix://{_home.Work}/echo"]
            :
            [
                "tcp://127.0.0.1:0",
                "udp://127.0.0.1:0",
                $"unix://{_home.Work}/echo",
                $"unixpacket://{_home.Work}/packets",
                "shm://rings",
                $"fifo://{_home.Work}/a,{_home.Work}/b",
            ];
        foreach (string place in places)
        {
            var (server, address) = await _home.ServeAsync("serve", "echo", place, "--mode", mode);
            for (int i = 0; i < 2; i++)
            {
                Address plain = address;
                if (plain.Scheme == "shm")
                {
                    await TalkByToolAsync(address);
                    continue;
                }

                await using Pair client = await Pair.ConnectAsync(plain.With("framing", "none"));
                foreach (string text in new[] { "one", "a second one", new string('x', 1000) })
                {
                    await client.SendAsync(Encoding.ASCII.GetBytes(text).AsMemory());
                    Assert.Equal(text, await HearAsync(client, text.Length));
                }
            }

            await server.SignalAsync("TERM");
            Assert.Equal(143, (await server.ExitAsync()).ExitCode);
        }
    }

    [Theory]
    [InlineData("iterative")]
    [InlineData("multiplexed")]
    [InlineData("process")]
    [InlineData("threads")]
    public async Task Each_mode_serves_the_same_date(string mode)
    {
        var (_, address) = await _home.ServeAsync("serve", "date", "tcp://127.0.0.1:0", "--mode", mode, "--zone", "UTC");
        for (int i = 0; i < 2; i++)
        {
            var asked = await _home.RunAsync("get", "date", address);
            Assert.True(asked.ExitCode == 0, asked.ToString());
            Assert.Matches(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n$", asked.Output);
        }
    }

    /// <summary>Clients come and go, many at once: never more children than allowed, none left, and no descriptor left.</summary>
    [Fact]
    public async Task Children_stay_within_the_limit_and_leave_no_process_or_descriptor()
    {
        var (server, address) = await _home.ServeAsync(
            "serve", "--exec", "cat", "tcp://127.0.0.1:0", "--max-children", Most.ToString(CultureInfo.InvariantCulture));
        await TalkAsync(address, "first");
        await EventuallyAsync(() => ProcessTree.ChildrenOf(server.Id).Length == 0);
        int descriptors = ProcessTree.DescriptorsOf(server.Id);
        int most = 0;
        using CancellationTokenSource end = new();
        Task watching = Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                most = Math.Max(most, ProcessTree.ChildrenOf(server.Id).Length);
                await Task.Yield();
            }
        });
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Clients),
            new ParallelOptions { MaxDegreeOfParallelism = 2 * Most },
            async (client, _) => await TalkAsync(address, $"client {client}"));
        await end.CancelAsync();
        await watching;
        Assert.InRange(most, 1, Most);
        await EventuallyAsync(() => ProcessTree.ChildrenOf(server.Id).Length == 0);
        await EventuallyAsync(() => ProcessTree.DescriptorsOf(server.Id) <= descriptors);
        await AloneInTheListAsync();
    }

    [FullRun(Reason.Waits)]
    [Fact]
    public async Task A_command_that_runs_too_long_is_killed_with_its_child_processes()
    {
        string pid = Path.Combine(_home.Work, "pid");
        var (server, address) = await _home.ServeAsync(
            "serve", "--exec", $"sleep 1000 & echo $! > '{pid}'; wait", "tcp://127.0.0.1:0", "--timeout", "2s", "--max-children", "1");
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, Address.Parse(address).Port!.Value);

        Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1]));
        Assert.Matches(
            "^fairlead: the command for .* ran longer than 2 s and was killed$",
            await server.ErrorLineAsync("fairlead: the command for "));
        await EventuallyAsync(() => !Directory.Exists($"/proc/{File.ReadAllText(pid).Trim()}"));
        await EventuallyAsync(() => ProcessTree.ChildrenOf(server.Id).Length == 0);
    }

    [FullRun(Reason.Waits)]
    [Fact]
    public async Task An_idle_command_is_killed_with_its_child_processes()
    {
        string pid = Path.Combine(_home.Work, "idle");
        var (server, address) = await _home.ServeAsync(
            "serve", "--exec", $"sleep 1000 & echo $! > '{pid}'; cat", "tcp://127.0.0.1:0", "--idle", "1s");
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, Address.Parse(address).Port!.Value);
        byte[] byteOf = new byte[1];
        await client.GetStream().WriteAsync("x"u8.ToArray());
        Assert.Equal(1, await client.GetStream().ReadAsync(byteOf));

        Assert.Equal(0, await client.GetStream().ReadAsync(byteOf));
        Assert.Matches(
            "^fairlead: the command for .* neither read nor wrote for 1 s and was killed$",
            await server.ErrorLineAsync("fairlead: the command for "));
        await EventuallyAsync(() => !Directory.Exists($"/proc/{File.ReadAllText(pid).Trim()}"));
        await EventuallyAsync(() => ProcessTree.ChildrenOf(server.Id).Length == 0);
    }

    [Fact]
    public async Task A_command_that_writes_too_much_is_killed_and_its_client_gets_at_most_the_limit()
    {
        const int Most = 100_000;
        var (server, address) = await _home.ServeAsync("serve", "--exec", "yes", "tcp://127.0.0.1:0", "--max-output", $"{Most}");
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, Address.Parse(address).Port!.Value);
        using MemoryStream all = new();
        await client.GetStream().CopyToAsync(all);

        Assert.InRange(all.Length, 1, Most);
        Assert.Matches(
            "^fairlead: the command for .* wrote more than 100000 bytes, the limit of --max-output, and was killed$",
            await server.ErrorLineAsync("fairlead: the command for "));
        await EventuallyAsync(() => ProcessTree.ChildrenOf(server.Id).Length == 0);
    }

    /// <summary>More than both pipes hold, and the ends of both directions.</summary>
    [Fact]
    public async Task A_command_with_limits_gets_all_bytes_and_the_ends_of_both_streams()
    {
        var (server, address) = await _home.ServeAsync(
            "serve", "--exec", "cat; echo end", "tcp://127.0.0.1:0", "--idle", "1m", "--max-output", "10000000", "--once");
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, Address.Parse(address).Port!.Value);
        NetworkStream stream = client.GetStream();
        byte[] sent = new byte[3_000_000];
        new Random(1).NextBytes(sent);
        Task writing = WriteAsync();
        using MemoryStream all = new();
        await stream.CopyToAsync(all);
        await writing;
        Assert.Equal([.. sent, .. "end\n"u8], all.ToArray());
        Assert.Equal(0, (await server.ExitAsync()).ExitCode);

        async Task WriteAsync()
        {
            await stream.WriteAsync(sent);
            client.Client.Shutdown(SocketShutdown.Send);
        }
    }

    /// <summary>The same with the tool itself as the child, which starts more slowly.</summary>
    [Fact]
    public async Task A_process_for_each_client_is_reaped()
    {
        var (server, address) = await _home.ServeAsync("serve", "echo", "tcp://127.0.0.1:0", "--mode", "process", "--max-children", "4");
        await TalkAsync(address, "first");
        await EventuallyAsync(() => ProcessTree.ChildrenOf(server.Id).Length == 0);
        int descriptors = ProcessTree.DescriptorsOf(server.Id);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Clients),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (client, _) =>
            {
                await TalkAsync(address, $"client {client}");
                Assert.InRange(ProcessTree.ChildrenOf(server.Id).Length, 0, 4);
            });
        await EventuallyAsync(() => ProcessTree.ChildrenOf(server.Id).Length == 0);
        await EventuallyAsync(() => ProcessTree.DescriptorsOf(server.Id) <= descriptors);
    }

    [Fact]
    public async Task Children_are_listed_with_their_parent()
    {
        var (server, address) = await _home.ServeAsync("serve", "echo", "tcp://127.0.0.1:0", "--mode", "process");
        Assert.DoesNotContain("PARENT", (await _home.RunAsync("list")).Output, StringComparison.Ordinal);
        using (Socket client = Connect(address))
        {
            await client.SendAsync(Encoding.ASCII.GetBytes("x"));
            Assert.Equal(1, await client.ReceiveAsync(new byte[1]));
            JsonElement[] lines =
            [
                .. (await _home.RunAsync("list", "--output", "json")).Lines.Select(static line => JsonDocument.Parse(line).RootElement),
            ];
            Assert.Equal(2, lines.Length);
            Assert.All(lines, line => Assert.Equal(address, line.GetProperty("endpoint").GetString()));
            Assert.All(lines, static line => Assert.Equal("socket", line.GetProperty("kind").GetString()));
            JsonElement listener = Assert.Single(lines, static line => line.GetProperty("bound").GetBoolean());
            Assert.Equal(server.Id, listener.GetProperty("pid").GetInt32());
            JsonElement child = Assert.Single(lines, static line => !line.GetProperty("bound").GetBoolean());
            Assert.Equal(server.Id, child.GetProperty("parentPid").GetInt32());
            Assert.Equal(Assert.Single(ProcessTree.ChildrenOf(server.Id)), child.GetProperty("pid").GetInt32());
            Assert.Contains("serve echo fd://3", child.GetProperty("program").GetString(), StringComparison.Ordinal);
            Assert.Contains("PARENT", (await _home.RunAsync("list")).Lines[0], StringComparison.Ordinal);
        }

        await EventuallyAsync(() => ProcessTree.ChildrenOf(server.Id).Length == 0);
        await AloneInTheListAsync();
    }

    [Fact]
    public async Task Clients_at_the_limit_delay_no_other_address()
    {
        string stream = $"unix://{_home.Work}/stream?framing=none";
        string packets = $"unixpacket://{_home.Work}/packets";
        await _home.ServeAsync("serve", "echo", stream, packets, "--mode", "threads", "--max-children", "1");
        await using Pair first = await Pair.ConnectAsync($"{stream}&wait=60s");
        await first.SendAsync("first");
        Assert.Equal("first", await HearAsync(first, 5));

        // The second client waits in the kernel's queue.
        await using Pair second = await Pair.ConnectAsync(stream);
        await second.SendAsync("second");
        await using Pair packet = await Pair.ConnectAsync($"{packets}?framing=none&wait=60s");
        for (int i = 0; i < 100; i++)
        {
            await packet.SendAsync("packet");
            Assert.Equal("packet", await HearAsync(packet, 6));
        }

        await first.CloseAsync();
        Assert.Equal("second", await HearAsync(second, 6));
    }

    [Fact]
    public async Task Threads_serve_concurrent_clients_up_to_the_limit()
    {
        var (_, address) = await _home.ServeAsync("serve", "echo", "tcp://127.0.0.1:0", "--mode", "threads", "--max-children", "2");
        using Socket first = Connect(address);
        using Socket second = Connect(address);
        foreach (Socket client in new[] { second, first })
        {
            await client.SendAsync(Encoding.ASCII.GetBytes("x"));
            Assert.Equal(1, await client.ReceiveAsync(new byte[1]));
        }

        // The third is served when one of the others has gone.
        using Socket third = Connect(address);
        await third.SendAsync(Encoding.ASCII.GetBytes("x"));
        await second.SendAsync(Encoding.ASCII.GetBytes("y"));
        Assert.Equal(1, await second.ReceiveAsync(new byte[1]));
        Assert.Equal(0, third.Available);
        first.Dispose();
        Assert.Equal(1, await third.ReceiveAsync(new byte[1]).WaitAsync(TimeSpan.FromMinutes(2)));
    }

    /// <summary>By a process with the home's runtime directory, in which the name lies.</summary>
    private async Task TalkByToolAsync(string address)
    {
        var client = _home.Start("connect", address);
        foreach (string text in new[] { "one", "a second one" })
        {
            await client.SayAsync(text);
            Assert.Equal(text, await client.LineAsync());
        }

        Assert.Equal(0, (await client.EndAsync()).ExitCode);
    }

    private static async Task<string> HearAsync(Pair client, int length)
    {
        StringBuilder heard = new();
        while (heard.Length < length)
        {
            using Message answer = await client.ReceiveAsync(TimeSpan.FromMinutes(2));
            heard.Append(answer.Text);
            answer.Accept();
        }

        return heard.ToString();
    }

    private static async Task TalkAsync(string address, string text)
    {
        using Socket client = Connect(address);
        await client.SendAsync(Encoding.ASCII.GetBytes(text));
        client.Shutdown(SocketShutdown.Send);
        using MemoryStream heard = new();
        byte[] buffer = new byte[1024];
        while (await client.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromMinutes(2)) is > 0 and var got)
        {
            heard.Write(buffer, 0, got);
        }

        Assert.Equal(text, Encoding.ASCII.GetString(heard.ToArray()));
    }

    private static Socket Connect(string address)
    {
        Address parsed = address;
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(new IPEndPoint(IPAddress.Loopback, parsed.Port!.Value));
        return socket;
    }

    /// <summary>
    /// The server removes the entry of a child after it has taken the child's exit status. Until then the entry outlives the process.
    /// </summary>
    private Task AloneInTheListAsync() =>
        EventuallyAsync(async () => (await _home.RunAsync("list", "--output", "text")).Lines.Length == 1);

    private static Task EventuallyAsync(Func<bool> isSo) => EventuallyAsync(() => Task.FromResult(isSo()));

    private static async Task EventuallyAsync(Func<Task<bool>> isSo)
    {
        using CancellationTokenSource watchdog = new(TimeSpan.FromMinutes(2));
        while (!await isSo())
        {
            watchdog.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
