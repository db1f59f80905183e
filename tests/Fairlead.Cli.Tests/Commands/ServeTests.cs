using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Fairlead.Cli.Services;
using Fairlead.Cli.Tests.Running;
using Fairlead.Conformance;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>The small services, to programs that know nothing of Fairlead and to <c>fairlead get</c>.</summary>
[SlowRun]
public sealed class ServeTests : IDisposable
{
    private const string DatePattern = @"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$";

    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("iterative")]
    [InlineData("multiplexed")]
    [InlineData("process")]
    [InlineData("threads")]
    public async Task Echo_returns_all_bytes_sent_before_the_end(string mode)
    {
        var (_, address) = await _home.ServeAsync("serve", "echo", "tcp://127.0.0.1:0", "--mode", mode);
        byte[] large = new byte[2_000_000];
        Random.Shared.NextBytes(large);
        foreach (byte[] said in new[] { Encoding.ASCII.GetBytes("hello"), [], large })
        {
            using Socket client = Connect(address);
            Task sending = Task.Run(async () =>
            {
                for (int sent = 0; sent < said.Length;)
                {
                    sent += await client.SendAsync(said.AsMemory(sent));
                }

                client.Shutdown(SocketShutdown.Send);
            });
            Assert.Equal(said, await ReadToEndAsync(client));
            await sending;
        }
    }

    [Fact]
    public async Task An_iterative_server_delays_the_next_client_and_a_multiplexed_server_does_not()
    {
        var (_, iterative) = await _home.ServeAsync("serve", "echo", "tcp://127.0.0.1:0", "--mode", "iterative");
        using (Socket first = Connect(iterative))
        {
            await AskAsync(first, "one");
            using Socket second = Connect(iterative);
            await second.SendAsync(Encoding.ASCII.GetBytes("two"));
            await AskAsync(first, "three");
            Assert.Equal(0, second.Available);
            first.Dispose();
            await HearAsync(second, "two");
        }

        var (_, multiplexed) = await _home.ServeAsync("serve", "echo", "tcp://127.0.0.1:0", "--mode", "multiplexed");
        Socket[] clients = [.. Enumerable.Range(0, 20).Select(_ => Connect(multiplexed))];
        for (int round = 0; round < 3; round++)
        {
            foreach (Socket client in clients.Reverse())
            {
                await AskAsync(client, $"round {round}");
            }
        }

        foreach (Socket client in clients)
        {
            client.Dispose();
        }
    }

    [Fact]
    public async Task A_client_that_does_not_read_delays_no_other_client()
    {
        var (_, address) = await _home.ServeAsync("serve", "chargen", "tcp://127.0.0.1:0");
        using Socket deaf = Connect(address);
        using Socket client = Connect(address);
        byte[] heard = new byte[4 * Service.LineLength];
        for (int filled = 0; filled < heard.Length;)
        {
            filled += await client.ReceiveAsync(heard.AsMemory(filled));
        }

        string[] lines = Encoding.ASCII.GetString(heard).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, static line => Assert.Equal(72, line.Length));
        Assert.StartsWith(" !\"#$%&'()*+,-./0123456789", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("#$%&'()*+,-./0123456789", lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Processes_are_limited_and_reaped()
    {
        var (server, address) = await _home.ServeAsync(
            "serve", "echo", "tcp://127.0.0.1:0", "--mode", "process", "--max-children", "1");
        using (Socket first = Connect(address))
        {
            await AskAsync(first, "one");
            using Socket second = Connect(address);
            await second.SendAsync(Encoding.ASCII.GetBytes("two"));
            await AskAsync(first, "three");
            Assert.Equal(0, second.Available);
            Assert.Single(ProcessTree.ChildrenOf(server.Id));
            first.Dispose();
            await HearAsync(second, "two");
        }

        for (int i = 0; i < 5; i++)
        {
            using Socket client = Connect(address);
            await AskAsync(client, "again");
        }

        // No zombie is left; the last child may still be about to end.
        using CancellationTokenSource watchdog = new(TimeSpan.FromMinutes(2));
        while (ProcessTree.ChildrenOf(server.Id).Length > 0)
        {
            watchdog.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    [Fact]
    public async Task Children_end_with_a_server_that_is_killed()
    {
        var (server, address) = await _home.ServeAsync("serve", "echo", "tcp://127.0.0.1:0", "--mode", "process");
        using Socket client = Connect(address);
        await AskAsync(client, "one");
        await server.SignalAsync("KILL");

        // Its end ends the connection, because no other process has it open.
        Assert.Empty(await ReadToEndAsync(client));
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:0")]
    [InlineData("udp://127.0.0.1:0")]
    [InlineData("unix://clock")]
    [InlineData("unixpacket://clock")]
    [InlineData("shm://clock")]
    public async Task Serve_sends_the_time_over_each_transport(string place)
    {
        DateTime before = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(-1);
        foreach (string service in new[] { "date", "daytime", "time" })
        {
            var (server, address) = await _home.ServeAsync("serve", service, place, "--zone", "UTC");
            for (int i = 0; i < 2; i++)
            {
                var asked = await _home.RunAsync("get", service, address, "--zone", "UTC", "--timeout", "1m");
                Assert.True(asked is { ExitCode: 0, Error: "" }, asked.ToString());
                DateTime told = DateTime.ParseExact(
                    Assert.Single(asked.Lines),
                    service == "daytime" ? "dddd, MMMM d, yyyy HH:mm:ss-'UTC'" : "yyyy-MM-dd HH:mm:ss",
                    CultureInfo.InvariantCulture);
                Assert.InRange(told, before, TimeProvider.System.GetUtcNow().UtcDateTime);
            }

            await server.SignalAsync("TERM");
            Assert.Equal(143, (await server.ExitAsync()).ExitCode);
        }
    }

    [Fact]
    public async Task A_client_that_sends_bytes_still_gets_the_time()
    {
        var (_, address) = await _home.ServeAsync("serve", "time", "tcp://127.0.0.1:0");
        using Socket client = Connect(address);
        await client.SendAsync(new byte[100_000]);
        byte[] answer = await ReadToEndAsync(client);
        Assert.Equal(4, answer.Length);
        uint seconds = BinaryPrimitives.ReadUInt32BigEndian(answer);
        Assert.InRange(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - (seconds - 2_208_988_800L), 0, 600);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(seconds - 2_208_988_800L), TimeTexts.MomentOf(answer));

        // The number begins anew in 2036.
        Assert.Equal(2036, TimeTexts.MomentOf(new byte[4]).Year);
        var json = JsonDocument.Parse((await _home.RunAsync("get", "time", address, "--output", "json")).Output).RootElement;
        Assert.Equal("time", json.GetProperty("service").GetString());
        Assert.InRange(json.GetProperty("time").GetDateTimeOffset(), TimeTexts.MomentOf(answer), TimeProvider.System.GetUtcNow());
    }

    [Fact]
    public async Task The_environment_of_a_command_names_its_client()
    {
        const string Print = "env | grep -E '^(PROTO|TCP|UNIX|FAIRLEAD_PEER)' | sort";
        var (tcp, address) = await _home.ServeAsync("serve", "--exec", Print, "tcp://127.0.0.1:0", "--once");
        var port = Address.Parse(address).Port;
        using TcpClient client = new();
        await client.ConnectAsync("127.0.0.1", port!.Value);
        var mine = (IPEndPoint)client.Client.LocalEndPoint!;
        using StreamReader reader = new(client.GetStream());
        var all = await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(2));
        string[] told = all.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            [
                $"FAIRLEAD_PEER=127.0.0.1:{mine.Port}",
                $"FAIRLEAD_PEER_ADDRESS=127.0.0.1:{mine.Port}",
                "PROTO=TCP",
                "TCPLOCALIP=127.0.0.1",
                $"TCPLOCALPORT={port}",
                "TCPREMOTEIP=127.0.0.1",
                $"TCPREMOTEPORT={mine.Port}",
            ],
            told.Order(StringComparer.Ordinal));
        Assert.Equal(0, (await tcp.ExitAsync()).ExitCode);

        var path = Path.Combine(_home.Work, "who");
        var (unix, _) = await _home.ServeAsync("serve", "--exec", Print, $"unix://{path}", "--once");
        using Socket local = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await local.ConnectAsync(new UnixDomainSocketEndPoint(path));
        using StreamReader from = new(new NetworkStream(local));
        var text = await from.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(2));
        Assert.Contains("PROTO=UNIX\n", text, StringComparison.Ordinal);
        Assert.Contains($"UNIXREMOTEPID={Environment.ProcessId}\n", text, StringComparison.Ordinal);
        Assert.Contains($"FAIRLEAD_PEER_PID={Environment.ProcessId}\n", text, StringComparison.Ordinal);
        Assert.Contains("UNIXREMOTEEUID=", text, StringComparison.Ordinal);
        Assert.DoesNotContain("TCPREMOTEIP", text, StringComparison.Ordinal);
        Assert.Equal(0, (await unix.ExitAsync()).ExitCode);
    }

    [NeedsProgramFact("mkfifo")]
    public async Task Each_reader_of_a_FIFO_gets_the_time()
    {
        string path = Path.Combine(_home.Work, "clock");
        Assert.Equal(0, (await _home.StartProgram(["mkfifo", path]).EndAsync()).ExitCode);
        await _home.ServeAsync("serve", "date", $"fifo://{path}");
        for (int i = 0; i < 10; i++)
        {
            // Once: the server does not open the FIFO again while its last reader still has it open.
            Assert.Matches(DatePattern, (await _home.StartProgram(["cat", path]).EndAsync()).Output.TrimEnd('\0'));
        }

        var asked = await _home.RunAsync("get", "date", $"fifo://{path}", "--wait", "1m");
        Assert.Matches(DatePattern, asked.Output.Trim());
    }

    [NeedsProgramFact("mkfifo")]
    public async Task A_reader_that_is_slow_to_open_a_FIFO_gets_one_answer()
    {
        string path = Path.Combine(_home.Work, "clock");
        Assert.Equal(0, (await _home.StartProgram(["mkfifo", path]).EndAsync()).ExitCode);
        ToolProcess reader = _home.StartProgram(["cat", path]);
        await Polling.Until(() =>
            File.ReadAllText($"/proc/{reader.Id}/stat").Contains("(cat) S", StringComparison.Ordinal)).WaitAsync(TimeSpan.FromMinutes(1));
        await reader.SignalAsync("STOP");
        await _home.ServeAsync("serve", "date", $"fifo://{path}");
        await reader.SignalAsync("CONT");
        Assert.Matches(DatePattern, (await reader.EndAsync()).Output.TrimEnd('\0'));
    }

    [Fact]
    public async Task Two_FIFOs_carry_an_echo()
    {
        var (_, address) = await _home.ServeAsync("serve", "echo", $"fifo://{_home.Work}/a,{_home.Work}/b");
        await using Pair client = await Pair.ConnectAsync($"{address}?framing=none");
        foreach (string text in new[] { "one", "two" })
        {
            await client.SendAsync(Encoding.ASCII.GetBytes(text).AsMemory());
            using Message answer = await client.ReceiveAsync();
            Assert.Equal(text, answer.Text);
        }
    }

    [Fact]
    public async Task Serve_sends_the_time_over_two_FIFOs_and_reliable_datagrams()
    {
        var (_, fifos) = await _home.ServeAsync("serve", "date", $"fifo://{_home.Work}/a,{_home.Work}/b");
        var (_, datagrams) = await _home.ServeAsync("serve", "date", "udp://127.0.0.1:0?reliable=true");
        foreach (string address in new[] { fifos, datagrams, fifos, datagrams })
        {
            var asked = await _home.RunAsync("get", "date", address, "--timeout", "1m", "--wait", "1m");
            Assert.True(asked.ExitCode == 0, asked.ToString());
            Assert.Matches(DatePattern, asked.Output.Trim());
        }
    }

    [Fact]
    public async Task A_command_serves_each_client()
    {
        var (server, address) = await _home.ServeAsync("serve", "--exec", "tr a-z A-Z", "tcp://127.0.0.1:0", "--once");
        using Socket client = Connect(address);
        await client.SendAsync(Encoding.ASCII.GetBytes("hello"));
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("HELLO", Encoding.ASCII.GetString(await ReadToEndAsync(client)));
        Assert.Equal(0, (await server.ExitAsync()).ExitCode);
    }

    [Theory]
    [InlineData("serve nothing tcp://127.0.0.1:0", "the service 'nothing' does not exist")]
    [InlineData("serve echo", "an address is needed")]
    [InlineData("serve echo inproc://x", "stays inside one process")]
    [InlineData("serve echo tcp://127.0.0.1:0 --idle 5s", "limit a command")]
    [InlineData("serve echo tcp://127.0.0.1:0 --max-output 5", "limit a command")]
    [InlineData("serve echo fifo:///tmp/x", "two FIFOs")]
    [InlineData("serve echo unixgram:///tmp/x --mode process", "inherits a stream socket")]
    [InlineData("serve echo udp://127.0.0.1:0 --mode process", "inherits a stream socket")]
    [InlineData("serve date tcp://127.0.0.1:0 --zone Nowhere/City", "the time zone 'Nowhere/City' does not exist")]
    [InlineData("serve shmtime", "--key")]
    [InlineData("serve shmtime --key 0", "--key")]
    [InlineData("get echo tcp://127.0.0.1:1", "is not a time service")]
    [InlineData("get date", "one address")]
    public async Task An_invalid_service_or_option_is_a_usage_error(string line, string part)
    {
        var outcome = await _home.RunAsync(line.Split(' '));
        Assert.True(outcome.ExitCode == 2, outcome.ToString());
        Assert.Contains(part, outcome.Error, StringComparison.Ordinal);
    }

    private static Socket Connect(string address)
    {
        Address parsed = address;
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(new IPEndPoint(IPAddress.Loopback, parsed.Port!.Value));
        return socket;
    }

    private static async Task AskAsync(Socket client, string text)
    {
        await client.SendAsync(Encoding.ASCII.GetBytes(text));
        await HearAsync(client, text);
    }

    private static async Task HearAsync(Socket client, string text)
    {
        byte[] heard = new byte[text.Length];
        for (int filled = 0; filled < heard.Length;)
        {
            int got = await client.ReceiveAsync(heard.AsMemory(filled)).AsTask().WaitAsync(TimeSpan.FromMinutes(2));
            Assert.NotEqual(0, got);
            filled += got;
        }

        Assert.Equal(text, Encoding.ASCII.GetString(heard));
    }

    private static async Task<byte[]> ReadToEndAsync(Socket client)
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[64 * 1024];
        while (await client.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromMinutes(2)) is > 0 and var got)
        {
            all.Write(buffer, 0, got);
        }

        return all.ToArray();
    }
}
