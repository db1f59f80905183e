using System.Globalization;
using System.Net.Sockets;
using Fairlead.Conformance;
using Fairlead.Tests.Conformance;
using Fairlead.Time;
using Fairlead.Transports.UnixSocket;

namespace Fairlead.Tests.Patterns;

/// <summary>A process that may open few files, and many silent connections to it.</summary>
[FullRun(Reason.Repeats)]
public sealed class DescriptorLimitTests(ITestOutputHelper output) : WatchedTest(output)
{
    private const int Limit = 256;

    /// <summary>All at once, because each takes as long as some handshakes.</summary>
    [Fact]
    public Task Silent_connections_up_to_the_limit_neither_end_it_nor_keep_others_out() =>
        Task.WhenAll(
            FloodAsync("unix", "receiver"), FloodAsync("tcp", "receiver"), FloodAsync("shm", "receiver"), FloodAsync("unix", "responder"));

    private async Task FloodAsync(string scheme, string verb)
    {
        TransportUnderTest transport = scheme switch
        {
            "unix" => new UnixNameUnderTest(),
            "shm" => new SharedMemoryUnderTest(),
            _ => new FixedPortUnderTest(),
        };
        Address address = transport.NewPlace();
        await using PeerProcess peer = PeerProcess.StartBy(
            string.Create(CultureInfo.InvariantCulture, $"env FAIRLEAD_PATIENCE=5 prlimit --nofile={Limit}:{Limit}"),
            verb,
            "bind",
            address.ToString());
        Assert.Equal(address.ToString(), await peer.AnswerAsync());
        await peer.TellAsync(verb == "receiver" ? "hold" : "echo");

        List<Socket> silent = [];
        for (int i = 0; i < Limit + 50; i++)
        {
            silent.Add(Track(scheme == "shm" ? ConnectTo(address) : transport.ConnectRaw(address)));
        }

        // Each is admitted, and disconnected when it has been silent for the time of a handshake.
        await OnThread(() => silent.ForEach(ReadToEnd));

        Assert.False(peer.HasExited);
        EndpointOptions patient = new() { HandshakeTimeout = 50.Seconds(), ConnectTimeout = 50.Seconds() };
        if (verb == "receiver")
        {
            await using Sender sender = Track(await Sender.ConnectAsync(address, patient));
            await sender.SendAsync("served"u8.ToArray());
            Assert.Equal("6", await peer.AnswerAsync());
        }
        else
        {
            await using Requester requester = Track(await Requester.ConnectAsync(address, patient));
            using Message reply = await requester.RequestAsync("served"u8.ToArray());
            Assert.Equal("served", reply.Text);
        }
    }

    /// <summary>Connects to the socket over which the memory of a connection would be passed.</summary>
    private static Socket ConnectTo(Address address)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(UnixEndpoint.PathOf(address)));
        return socket;
    }

    private static void ReadToEnd(Socket socket)
    {
        byte[] bytes = new byte[4096];
        try
        {
            while (socket.Receive(bytes) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // A reset is also an end.
        }
    }
}
