using System.Net;
using System.Net.Sockets;
using Fairlead.Native;
using Fairlead.Native.Sockets;
using Fairlead.Transports;

namespace Fairlead.Tests.Transports;

public sealed class SocketConnectorTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task A_socket_that_connects_to_its_own_port_gets_ECONNREFUSED(string host)
    {
        IPAddress address = IPAddress.Parse(host);
        using Descriptor socket = NativeSocket.Create(address.AddressFamily, NativeSocketType.Stream);

        // As the kernel itself does, about once in ten thousand attempts.
        Errno bound = NativeSocket.Bind(socket, new IPEndPoint(address, 0).Serialize());
        Assert.SkipWhen(bound == Errno.EADDRNOTAVAIL, $"this machine has no address {host}");
        Assert.Equal(Errno.None, bound);
        SocketAddress own = NativeSocket.LocalName(socket);

        Assert.Equal(Errno.ECONNREFUSED, await SocketConnector.ConnectAsync(socket, own, TimeProvider.System, default));
        Assert.Equal(own, NativeSocket.PeerName(socket));
    }

    [Fact]
    public async Task A_port_that_was_lent_to_a_client_can_be_bound()
    {
        // The kernel may lend the same port to a client of another program, too, that has not agreed to share it: rare, and not thrice.
        for (int attempt = 1; !await TryBindLentPortAsync(mayBeShared: attempt < 3); attempt++)
        {
        }
    }

    private static async Task<bool> TryBindLentPortAsync(bool mayBeShared)
    {
        using Socket server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        server.Listen();
        Task<Socket> accepting = server.AcceptAsync();
        Task<Sender> connecting = Sender.ConnectAsync($"tcp://127.0.0.1:{((IPEndPoint)server.LocalEndPoint!).Port}?framing=line").AsTask();
        await using Sender sender = await connecting;
        using Socket accepted = await accepting;
        int lent = ((IPEndPoint)accepted.RemoteEndPoint!).Port;

        Receiver receiver;
        try
        {
            receiver = await Receiver.BindAsync($"tcp://127.0.0.1:{lent}");
        }
        catch (FairleadException held) when (held.Code == ErrorCode.AlreadyExists && mayBeShared)
        {
            return false;
        }

        await using (receiver)
        {
            await using Sender other = await Sender.ConnectAsync(receiver.Address);
            Assert.Equal(DeliveryStatus.Delivered, await AcceptedAsync(other, receiver));
        }

        return true;
    }

    private static async Task<DeliveryStatus> AcceptedAsync(Sender sender, Receiver receiver)
    {
        ValueTask<Delivery> delivering = sender.DeliverAsync("x"u8);
        using (Message message = await receiver.ReceiveAsync())
        {
            message.Accept();
        }

        return (await delivering).Status;
    }
}
