using System.Net.Sockets;
using System.Text;
using Fairlead.Diagnostics;

namespace Fairlead.Tests.Transports;

/// <summary>Unix datagrams of plain programs, and their answers.</summary>
public sealed class DatagramSocketTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_sender_with_a_name_can_be_answered_and_a_nameless_sender_cannot()
    {
        using DatagramSocket server = DatagramSocket.Bind($"unixgram://{_directory["server"]}");
        Assert.False(server.TryReceive(out _));
        Assert.False(server.TryAnswer("too early"u8));
        using Socket named = Client("client");
        using Socket nameless = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        Send(named, "one");
        Send(nameless, "two");
        Send(named, "");
        Assert.True(server.TryReceive(out ReadOnlySpan<byte> first));
        Assert.Equal("one", Encoding.ASCII.GetString(first));
        Assert.True(server.TryAnswer("answer"u8));
        Assert.True(server.TryReceive(out ReadOnlySpan<byte> second));
        Assert.Equal("two", Encoding.ASCII.GetString(second));
        Assert.False(server.TryAnswer("answer"u8));
        Assert.True(server.TryReceive(out ReadOnlySpan<byte> third));
        Assert.True(third.IsEmpty);
        Assert.False(server.TryReceive(out _));
        byte[] heard = new byte[100];
        Assert.Equal("answer", Encoding.ASCII.GetString(heard, 0, named.Receive(heard)));
    }

    [Fact]
    public void An_answer_does_not_wait_for_a_sender_that_closed_or_does_not_read()
    {
        using DatagramSocket server = DatagramSocket.Bind($"unixgram://{_directory["server"]}");
        using (Socket gone = Client("gone"))
        {
            Send(gone, "one");
        }

        Assert.True(server.TryReceive(out _));
        Assert.False(server.TryAnswer("answer"u8));
        using Socket deaf = Client("deaf");
        Send(deaf, "two");
        Assert.True(server.TryReceive(out _));
        int sent = 0;
        while (server.TryAnswer(new byte[1000]))
        {
            sent++;
        }

        Assert.InRange(sent, 1, 100_000);
    }

    [Fact]
    public void The_name_of_a_datagram_socket_is_listed_held_and_released()
    {
        Address address = $"unixgram://{_directory["server"]}";
        using (DatagramSocket server = DatagramSocket.Bind(address))
        {
            EndpointInfo listed = Assert.Single(EndpointRegistry.List(), entry => entry.Address == address.ToString());
            Assert.Equal(("socket", true, (int?)null), (listed.Kind, listed.IsBound, listed.ParentProcessId));
            Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<FairleadException>(() => DatagramSocket.Bind(address)).Code);
        }

        Assert.False(File.Exists(_directory["server"]));
        Assert.DoesNotContain(EndpointRegistry.List(), entry => entry.Address == address.ToString());
        Assert.Equal(ErrorCode.NotSupported, Assert.Throws<FairleadException>(() => DatagramSocket.Bind("udp://127.0.0.1:0")).Code);
    }

    [Fact]
    public void A_listener_lists_its_children()
    {
        Address address = $"unix://{_directory["server"]}";
        using SocketListener listener = SocketListener.Bind(address);
        using (listener.Register(Environment.ProcessId))
        {
            EndpointInfo child = Assert.Single(
                EndpointRegistry.List(), entry => entry.Address == address.ToString() && entry.ParentProcessId is not null);
            Assert.Equal((Environment.ProcessId, false), (child.ProcessId, child.IsBound));
            Assert.Equal(Environment.ProcessId, child.ParentProcessId);
        }

        Assert.Single(EndpointRegistry.List(), entry => entry.Address == address.ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => listener.Register(0));
    }

    private Socket Client(string name)
    {
        Socket client = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        client.Bind(new UnixDomainSocketEndPoint(_directory[name]));
        return client;
    }

    private void Send(Socket client, string text) =>
        client.SendTo(Encoding.ASCII.GetBytes(text), new UnixDomainSocketEndPoint(_directory["server"]));
}
