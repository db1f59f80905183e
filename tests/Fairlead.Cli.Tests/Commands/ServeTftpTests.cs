using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>serve tftp: a folder, read by datagrams.</summary>
[FullRun(Reason.Variants)]
[SlowRun]
public sealed class ServeTftpTests : IDisposable
{
    private const int Watchdog = 120_000;

    private readonly ToolHome _home = new();
    private readonly Socket _client = NewClient();

    public ServeTftpTests() => Directory.CreateDirectory(Folder);

    private string Folder => Path.Combine(_home.Work, "boot");

    public void Dispose()
    {
        _client.Dispose();
        _home.Dispose();
    }

    [Theory]
    [InlineData("multiplexed")]
    [InlineData("iterative")]
    [InlineData("threads")]
    public async Task Files_are_read_in_each_mode(string mode)
    {
        var content = new byte[3 * 512];
        Random.Shared.NextBytes(content);
        File.WriteAllBytes(Path.Combine(Folder, "kernel"), content);
        File.WriteAllBytes(Path.Combine(Folder, "empty"), []);
        var server = await ServeAsync("--mode", mode);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(content, Read(server, "kernel"));
            Assert.Empty(Read(server, "empty"));
        }
    }

    [Theory]
    [InlineData("nothing", 1)]
    [InlineData("sub/nothing", 1)]
    [InlineData("/etc/passwd", 2)]
    [InlineData("../secret", 2)]
    [InlineData("sub/../../secret", 2)]
    [InlineData("out", 2)]
    [InlineData("outside/secret", 2)]
    [InlineData("sub", 2)]
    public async Task A_missing_or_protected_file_is_refused(string name, int code)
    {
        File.WriteAllText(Path.Combine(_home.Work, "secret"), "a secret");
        Directory.CreateDirectory(Path.Combine(Folder, "sub"));
        File.CreateSymbolicLink(Path.Combine(Folder, "out"), "../secret");
        File.CreateSymbolicLink(Path.Combine(Folder, "outside"), _home.Work);
        var server = await ServeAsync();
        AssertError(code, Ask(server, [0, 1, .. Encoding.ASCII.GetBytes($"{name}\0octet\0")]));
    }

    [Fact]
    public async Task A_link_within_the_folder_is_followed_and_a_FIFO_does_not_block_the_server()
    {
        Directory.CreateDirectory(Path.Combine(Folder, "sub"));
        File.WriteAllText(Path.Combine(Folder, "sub", "real"), "text");
        File.CreateSymbolicLink(Path.Combine(Folder, "link"), "sub/real");
        Fairlead.Processes.FifoPath.Create(Path.Combine(Folder, "fifo"));
        var server = await ServeAsync();
        Assert.Empty(Read(server, "fifo"));
        Assert.Equal("text"u8.ToArray(), Read(server, "link"));
    }

    [Fact]
    public async Task Packets_other_than_read_requests_are_refused_or_ignored()
    {
        File.WriteAllText(Path.Combine(Folder, "file"), "text");
        var server = await ServeAsync();
        AssertError(2, Ask(server, [0, 2, .. "file\0octet\0"u8]));
        AssertError(4, Ask(server, [0, 1, .. "file\0mail\0"u8]));
        AssertError(4, Ask(server, [0, 1, .. "file without an end"u8]));
        AssertError(4, Ask(server, [0, 4, 0, 1]));
        AssertError(4, Ask(server, []));

        // The error has no answer, so the next one is that of the request.
        _client.SendTo([0, 5, 0, 0, 0], server);
        Assert.Equal([0, 3, 0, 1, .. "text"u8], Ask(server, [0, 1, .. "file\0octet\0blksize\01428\0"u8]).Packet);
    }

    [Fact]
    public async Task A_foreign_packet_and_a_duplicate_request_do_not_disturb_a_transfer()
    {
        File.WriteAllBytes(Path.Combine(Folder, "file"), new byte[513]);
        var server = await ServeAsync();
        byte[] request = [0, 1, .. "file\0octet\0"u8];
        var first = Ask(server, request);
        _client.SendTo(request, server);
        using Socket stranger = NewClient();
        stranger.Connect(first.Sender);
        stranger.Send([0, 4, 0, 1]);

        // The kernel refuses it, because the socket of the transfer is connected.
        var refused = Assert.Throws<SocketException>(() => stranger.Receive(new byte[1]));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        _client.SendTo([0, 4, 0, 1], first.Sender);

        // A second transfer would have another port. On a busy machine the first block may come twice.
        var second = Receive(_client);
        while (second.Packet.Length == 516)
        {
            Assert.Equal(first.Sender, second.Sender);
            second = Receive(_client);
        }

        Assert.Equal(first.Sender, second.Sender);
        Assert.Equal([0, 3, 0, 2, 0], second.Packet);
        _client.SendTo([0, 4, 0, 2], second.Sender);
        Assert.Equal(513, Read(server, "file").Length);
    }

    [Fact]
    public async Task Clients_beyond_the_limit_are_refused_and_occupy_nothing()
    {
        File.WriteAllBytes(Path.Combine(Folder, "file"), new byte[513]);
        var server = await ServeAsync("--max-children", "2");
        byte[] request = [0, 1, .. "file\0octet\0"u8];
        using Socket ending = NewClient();
        using Socket silent = NewClient();
        Assert.Equal(516, Ask(silent, server, request).Packet.Length);
        var transfer = Ask(ending, server, request).Sender;

        for (var i = 0; i < 100; i++)
        {
            AssertError(0, Ask(server, request));
        }

        // One of them ends with an error, and its place is free.
        ending.SendTo([0, 5, 0, 0, 0], transfer);
        Assert.Equal(513, Read(server, "file", isPatient: true).Length);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("*")]
    public async Task Answers_have_the_source_address_to_which_the_client_sent(string host)
    {
        File.WriteAllText(Path.Combine(Folder, "file"), "text");
        var (_, address) = await _home.ServeAsync("serve", "tftp", Folder, $"udp://{host}:0");
        IPEndPoint server = new(IPAddress.Parse("127.0.0.2"), ((Address)address).Port!.Value);
        var refusal = Ask(server, [0, 1, .. "missing\0octet\0"u8]);
        AssertError(1, refusal);
        Assert.Equal(server, refusal.Sender);
        var block = Ask(server, [0, 1, .. "file\0octet\0"u8]);
        Assert.Equal([0, 3, 0, 1, .. "text"u8], block.Packet);
        Assert.Equal(server.Address, ((IPEndPoint)block.Sender).Address);
        _client.SendTo([0, 4, 0, 1], block.Sender);
    }

    [NeedsProgramFact("tftp")]
    public async Task The_tftp_program_reads_files_as_octets_and_as_text()
    {
        var content = new byte[100_000];
        Random.Shared.NextBytes(content);
        File.WriteAllBytes(Path.Combine(Folder, "kernel"), content);
        File.WriteAllText(Path.Combine(Folder, "notes"), "one\ntwo\rthree\n");
        var port = (await ServeAsync()).Port.ToString(CultureInfo.InvariantCulture);
        var octets = await _home.StartProgram(["tftp", "-m", "binary", "127.0.0.1", port, "-c", "get", "kernel"]).EndAsync();
        Assert.True(octets.ExitCode == 0, octets.ToString());
        Assert.Equal(content, File.ReadAllBytes(Path.Combine(_home.Work, "kernel")));
        var text = await _home.StartProgram(["tftp", "-m", "ascii", "127.0.0.1", port, "-c", "get", "notes"]).EndAsync();
        Assert.True(text.ExitCode == 0, text.ToString());
        Assert.Equal("one\ntwo\rthree\n", File.ReadAllText(Path.Combine(_home.Work, "notes")));
        var missing = await _home.StartProgram(["tftp", "127.0.0.1", port, "-c", "get", "missing"]).EndAsync();
        Assert.Contains("does not exist", missing.Output + missing.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "tftp", "loop/files", "udp://127.0.0.1:0")]
    [InlineData(3, "tftp", "file", "udp://127.0.0.1:0")]
    [InlineData(3, "tftp", "missing", "udp://127.0.0.1:0")]
    [InlineData(2, "tftp", "boot")]
    [InlineData(2, "tftp", "boot", "tcp://127.0.0.1:0")]
    [InlineData(2, "tftp", "boot", "udp://127.0.0.1:0?reliable=true")]
    [InlineData(2, "tftp", "boot", "udp://127.0.0.1:0", "--mode", "process")]
    public async Task Invalid_arguments_are_refused(int code, params string[] words)
    {
        File.CreateSymbolicLink(Path.Combine(_home.Work, "loop"), "loop");
        File.WriteAllText(Path.Combine(_home.Work, "file"), "");
        var outcome = await _home.RunAsync(["serve", .. words]);
        Assert.True(outcome.ExitCode == code && outcome.Output.Length == 0, outcome.ToString());
    }

    [Fact]
    public async Task A_taken_port_exits_4_and_once_ends_after_the_first_transfer()
    {
        File.WriteAllText(Path.Combine(Folder, "file"), "text");
        var (process, address) = await _home.ServeAsync("serve", "tftp", Folder, "udp://127.0.0.1:0", "--once");
        var taken = await _home.RunAsync("serve", "tftp", Folder, address);
        Assert.True(taken.ExitCode == 4, taken.ToString());
        Assert.Equal("text"u8.ToArray(), Read(new IPEndPoint(IPAddress.Loopback, ((Address)address).Port!.Value), "file"));
        var outcome = await process.ExitAsync();
        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("octet file, 4 bytes", outcome.Error, StringComparison.Ordinal);
    }

    private static void AssertError(int code, (byte[] Packet, EndPoint Sender) answer)
    {
        Assert.Equal([0, 5, 0, (byte)code], answer.Packet[..4]);
        Assert.Equal(0, answer.Packet[^1]);
    }

    private async Task<IPEndPoint> ServeAsync(params string[] options)
    {
        var (_, address) = await _home.ServeAsync(["serve", "tftp", Folder, "udp://127.0.0.1:0", .. options]);
        return new IPEndPoint(IPAddress.Loopback, ((Address)address).Port!.Value);
    }

    private static Socket NewClient()
    {
        Socket client = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = Watchdog };
        client.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return client;
    }

    private (byte[] Packet, EndPoint Sender) Ask(EndPoint server, byte[] packet) => Ask(_client, server, packet);

    private static (byte[] Packet, EndPoint Sender) Ask(Socket client, EndPoint server, byte[] packet)
    {
        client.SendTo(packet, server);
        return Receive(client);
    }

    private static (byte[] Packet, EndPoint Sender) Receive(Socket client)
    {
        var buffer = new byte[600];
        EndPoint sender = new IPEndPoint(IPAddress.Any, 0);
        var length = client.ReceiveFrom(buffer, ref sender);
        return (buffer[..length], sender);
    }

    /// <summary>Reads a file as a client does that sends each acknowledgement twice.</summary>
    private static byte[] Read(IPEndPoint server, string name, bool isPatient = false)
    {
        using Socket client = NewClient();
        byte[] request = [0, 1, .. Encoding.ASCII.GetBytes($"{name}\0OCTET\0")];
        var answer = Ask(client, server, request);
        while (isPatient && answer.Packet is [0, 5, 0, 0, ..])
        {
            answer = Ask(client, server, request);
        }

        using MemoryStream got = new();
        for (ushort number = 1; ; number++)
        {
            // On a busy machine a block comes again.
            while ((answer.Packet[2] << 8 | answer.Packet[3]) != number)
            {
                answer = Receive(client);
            }

            Assert.Equal([0, 3], answer.Packet[..2]);
            got.Write(answer.Packet, 4, answer.Packet.Length - 4);
            byte[] acknowledgement = [0, 4, answer.Packet[2], answer.Packet[3]];
            client.SendTo(acknowledgement, answer.Sender);
            if (answer.Packet.Length < 516)
            {
                return got.ToArray();
            }

            client.SendTo(acknowledgement, answer.Sender);
            answer = Receive(client);
        }
    }
}
