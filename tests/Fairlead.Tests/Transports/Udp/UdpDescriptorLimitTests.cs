using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Fairlead.Conformance;
using Fairlead.Tests.Conformance;
using Fairlead.Time;
using Fairlead.Transports.Udp;

namespace Fairlead.Tests.Transports.Udp;

/// <summary>A process that may open few files, and many clients whose datagrams it reads at once.</summary>
[FullRun(Reason.Repeats)]
public sealed class UdpDescriptorLimitTests(ITestOutputHelper output) : WatchedTest(output)
{
    private const int Limit = 256;

    /// <summary>The first number of the reserve.</summary>
    private const int Reserve = Limit - 32;

    private const int OfOneSession = 3;

    /// <summary>The runtime opens files for a moment, to read its limit of memory and to write the names of threads.</summary>
    private const int ForAMoment = 4;

    [Fact]
    public async Task Reliable_clients_that_connect_at_the_same_time_leave_the_server_its_reserve_of_descriptors()
    {
        const int Clients = 128;
        await using PeerProcess peer = StartPeer("receiver", "bind", "udp://127.0.0.1:0?reliable=true");
        Address address = await peer.AnswerAsync();
        address = address.With("reliable", "true");
        await peer.TellAsync("hold");
        List<(Socket Socket, ReliableControl Open)> clients = [];
        for (int i = 0; i < Clients; i++)
        {
            Socket raw = ConnectRaw(address.Port!.Value);
            ReliableControl hello = new() { Kind = ReliableKind.Hello, Number = SegmentBuffers.Ordinary, Window = 10, Token = (ulong)i };
            Send(raw, hello);
            byte[] answer = new byte[ReliableControl.Size];
            Assert.True(ReliableControl.TryRead(answer.AsSpan(0, raw.Receive(answer)), out ReliableControl cookie));
            clients.Add((raw, hello with { Kind = ReliableKind.Open, Time = cookie.Time, Cookie = cookie.Cookie }));
        }

        await peer.StopAsync();
        clients.ForEach(static client => Send(client.Socket, client.Open));
        peer.Continue();

        // Its request is read after those of the others, which prove nothing further and have to leave first.
        EndpointOptions patient = new() { HandshakeTimeout = 50.Seconds(), ConnectTimeout = 50.Seconds() };
        Task<Sender> late = Sender.ConnectAsync(address, patient).AsTask();
        await Until(() => StaysBelow(peer) && late.IsCompleted, "the late client is let in");
        await using Sender sender = Track(await late);
        await sender.SendAsync("served"u8.ToArray());
        Assert.Equal("6", await peer.AnswerAsync());
    }

    [Fact]
    public async Task Unreliable_clients_that_send_at_the_same_time_leave_a_reserve_and_do_not_block_known_clients()
    {
        const int Clients = 300;
        int port = FixedPortUnderTest.NewPort(SocketType.Dgram);
        string hub = string.Create(CultureInfo.InvariantCulture, $"udp://127.0.0.1:{port}?framing=none&idle=1h");
        await using PeerProcess peer = StartPeer("server", "inproc://a", "inproc://b", "inproc://c", hub, "inproc://d");
        await peer.AnswerAsync();
        Socket known = ConnectRaw(port);
        known.Send("known"u8);
        byte[] answer = new byte[16];
        Assert.Equal("known"u8, answer.AsSpan(0, known.Receive(answer)));
        List<Socket> clients = [.. Enumerable.Range(0, Clients).Select(_ => ConnectRaw(port))];

        await peer.StopAsync();
        clients.ForEach(static client => client.Send("new"u8));
        peer.Continue();

        // No client leaves: only who is known already can be served.
        known.Send("again"u8);
        await Until(() => StaysBelow(peer) && known.Available > 0, "the known client is heard");
        Assert.Equal("again"u8, answer.AsSpan(0, known.Receive(answer)));
    }

    private static PeerProcess StartPeer(params string[] arguments) =>
        PeerProcess.StartBy(string.Create(CultureInfo.InvariantCulture, $"prlimit --nofile={Limit}:{Limit}"), arguments);

    private static bool StaysBelow(PeerProcess peer)
    {
        // The runtime keeps some of the highest numbers for itself.
        HashSet<int> open =
        [
            .. Directory
                .EnumerateFileSystemEntries(string.Create(CultureInfo.InvariantCulture, $"/proc/{peer.Id}/fd"))
                .Select(static path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture)),
        ];
        int free = Enumerable.Range(0, Limit + 1).First(number => !open.Contains(number));
        Assert.True(free < Reserve + OfOneSession + ForAMoment, $"It uses its reserve: the first free descriptor is {free}.");
        return true;
    }

    private static void Send(Socket raw, in ReliableControl control)
    {
        byte[] datagram = new byte[ReliableControl.Size];
        control.Write(datagram);
        raw.Send(datagram);
    }

    private Socket ConnectRaw(int port)
    {
        Socket raw = Track(new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 60_000 });
        raw.Connect(new IPEndPoint(IPAddress.Loopback, port));
        return raw;
    }
}
