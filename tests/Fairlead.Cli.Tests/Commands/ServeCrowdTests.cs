using System.Net;
using System.Net.Sockets;
using System.Text;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>Clients of a server that want to end it: crowds that say nothing, and datagrams without a byte.</summary>
[FullRun(Reason.Variants)]
public sealed class ServeCrowdTests : IDisposable
{
    private const int LongestWait = 120_000;

    private readonly ToolHome _home = new();
    private readonly List<Socket> _crowd = [];

    public void Dispose()
    {
        _crowd.ForEach(static socket => socket.Dispose());
        _home.Dispose();
    }

    [Theory]
    [InlineData("multiplexed", 128, 200)]
    [InlineData("threads", 128, 200)]
    [InlineData("process", 100, 8)]
    public async Task A_server_survives_many_silent_clients_and_serves_others_when_they_have_left(string mode, int limit, int count)
    {
        string path = Path.Combine(_home.Work, "echo");
        bool isProcess = mode == "process";
        if (isProcess && ToolHome.Tool.Length == 1)
        {
            // The native tool has few descriptors open. Under this limit it once started no child at all.
            limit = 48;
        }

        var server = _home.StartShell($"ulimit -n {limit}; fairlead serve echo 'unix://{path}' --mode {mode}");
        await Fairlead.Conformance.Polling.Until(() => Listens(path));
        using Socket first = Connect(path);
        await EchoAsync(first, "first");

        for (int i = 0; i < count; i++)
        {
            _crowd.Add(Connect(path));
        }

        if (!isProcess)
        {
            await server.ErrorLineAsync("fairlead: clients have to wait: ");
        }

        await EchoAsync(first, "beside the crowd");
        _crowd.ForEach(static socket => socket.Dispose());
        using Socket later = Connect(path);
        await EchoAsync(later, "behind the crowd");
        await EchoAsync(first, "again");
    }

    [Theory]
    [InlineData("udp")]
    [InlineData("unixgram")]
    public async Task An_empty_datagram_is_echoed_like_any_other(string scheme)
    {
        string own = Path.Combine(_home.Work, "own");
        string path = Path.Combine(_home.Work, "echo");
        var (_, address) = await _home.ServeAsync("serve", "echo", scheme == "udp" ? "udp://127.0.0.1:0" : $"unixgram://{path}");
        bool isUdp = scheme == "udp";
        using Socket socket = new(isUdp ? AddressFamily.InterNetwork : AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified)
        {
            ReceiveTimeout = LongestWait,
        };
        socket.Bind(isUdp ? new IPEndPoint(IPAddress.Loopback, 0) : new UnixDomainSocketEndPoint(own));
        socket.Connect(isUdp ? new IPEndPoint(IPAddress.Loopback, Address.Parse(address).Port!.Value) : new UnixDomainSocketEndPoint(path));

        byte[] answer = new byte[100];
        foreach (string text in new[] { "before", "", "behind" })
        {
            socket.Send(Encoding.ASCII.GetBytes(text));
            int length = socket.Receive(answer);
            Assert.Equal(text, Encoding.ASCII.GetString(answer, 0, length));
        }
    }

    private static bool Listens(string path)
    {
        try
        {
            using Socket socket = Connect(path);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static Socket Connect(string path)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = LongestWait };
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static async Task EchoAsync(Socket socket, string text)
    {
        byte[] sent = Encoding.ASCII.GetBytes(text);
        await socket.SendAsync(sent);
        byte[] heard = new byte[sent.Length];
        for (int at = 0; at < heard.Length;)
        {
            // Blocking: an asynchronous receive has no time limit.
            int count = await Task.Run(() => socket.Receive(heard, at, heard.Length - at, SocketFlags.None));
            Assert.True(count > 0, "The server has ended the connection.");
            at += count;
        }

        Assert.Equal(text, Encoding.ASCII.GetString(heard));
    }
}
