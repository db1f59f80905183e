using System.Net.Sockets;
using Fairlead.Native;

namespace Fairlead.Transports.UnixSocket;

/// <summary><c>unixgram://</c>: datagrams of one machine, which the kernel neither loses nor reorders. One way.</summary>
internal sealed class UnixDatagramTransport : ITransport
{
    /// <summary>Bytes of the longest datagram, well below what the kernel's default buffer takes.</summary>
    public const int Longest = 64 * 1024;

    private const TransportCapabilities Capabilities = TransportCapabilities.Reliable
        | TransportCapabilities.Ordered
        | TransportCapabilities.KeepsBoundaries
        | TransportCapabilities.ManyPeers;

    public string Scheme => "unixgram";

    public IReadOnlyList<string> Options => PlaceMode.Options;

    public string Remedy => "Datagrams lead one way: choose unixpacket://, which has their boundaries, too";

    public int LongestPiece(Address address) => 32 * 1024;

    public TransportCapabilities CapabilitiesOf(Address address) => Capabilities;

    public IListener Bind(Address address, EndpointSettings settings)
    {
        if (settings.Pattern == PatternKind.Sender)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "a sender of datagrams cannot wait for its receiver, who would have to say that it is there",
                "Bind the receiver, and connect the sender.")
            {
                Address = address,
            };
        }

        _ = DatagramConnection.FramingOf(settings);
        if (address.IsAbstract)
        {
            Descriptor socket = UnixListener.BindAbstractly(address, NativeSocketType.Datagram);
            return new SingleListener(address, Wrap(socket, settings, new Peer(), isConnected: false));
        }

        SocketFile file = SocketFile.Bind(
            UnixEndpoint.PathOf(address), NativeSocketType.Datagram, UnixEndpoint.Backlog, address, PlaceMode.Of(address));
        return new SingleListener(address, Wrap(file.Listener, settings, new Peer(), isConnected: false))
        {
            Place = file,
            File = file.Identity,
        };
    }

    public async ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        if (settings.Pattern == PatternKind.Receiver)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "a receiver of datagrams that connects would be unknown to who sends",
                "Bind the receiver, and connect the sender.")
            {
                Address = address,
            };
        }

        _ = DatagramConnection.FramingOf(settings);

        // Connected, since only then the kernel tells when the receiver has room.
        Descriptor socket = await UnixEndpoint.ConnectAsync(
            address, NativeSocketType.Datagram, settings.Time, cancellationToken).ConfigureAwait(false);
        return Wrap(socket, settings, UnixEndpoint.PeerOf(socket), isConnected: true);
    }

    private static DatagramConnection Wrap(Descriptor socket, EndpointSettings settings, Peer peer, bool isConnected) =>
        new(socket, settings, Capabilities, peer, Longest, isConnected);
}
