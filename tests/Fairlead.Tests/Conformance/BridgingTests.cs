using System.Net;
using System.Net.Sockets;
using Fairlead.Transports.UnixSocket;

namespace Fairlead.Tests.Conformance;

/// <summary>The bridges between raw sockets and transports outlive clients that leave at any moment.</summary>
public sealed class BridgingTests
{
    // Fewer than the queue of the raw listener holds.
    private const int Leavers = 50;

    [Theory]
    [InlineData("shm")]
    [InlineData("tls")]
    public async Task The_bridge_carries_the_next_client_after_clients_that_disconnect_immediately(string scheme)
    {
        (Socket listener, Address address) = TransportsUnderTest.Of(scheme).ListenRaw();
        using Socket front = listener;
        EndPoint place = scheme == "tls"
            ? new IPEndPoint(IPAddress.Loopback, address.Port!.Value)
            : new UnixDomainSocketEndPoint(UnixEndpoint.PathOf(address));
        for (int i = 0; i < Leavers; i++)
        {
            using Socket leaver = new(place.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
            leaver.Connect(place);
        }

        using CancellationTokenSource end = new();
        Task<Sender> connecting = Sender.ConnectAsync(address, cancellationToken: end.Token).AsTask();
        byte[] hello = new byte[4096];
        int count;
        do
        {
            using Socket accepted = await front.AcceptAsync();
            count = await accepted.ReceiveAsync(hello);
        }
        while (count == 0);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => connecting);
    }
}
