using System.Net.Sockets;
using Fairlead.Native;

namespace Fairlead.Transports.UnixSocket;

/// <summary><c>unixgram://</c>: one-way datagrams within one machine, which the kernel neither loses nor reorders.</summary>
internal sealed class UnixDatagramTransport : ITransport
{
    /// <summary>The length of the longest datagram in bytes, well below the kernel's default buffer.</summary>
    public const int Longest = 64 * 1024;

    private const TransportCapabilities Capabilities = TransportCapabilities.Reliable
        | TransportCapabilities.Ordered
        | TransportCapabilities.KeepsBoundaries
        | TransportCapabilities.ManyPeers;

    public string Scheme => "unixgram";

    public IReadOnlyList<string> Options => SocketFile.Options;

    public string Remedy => "Datagrams are one-way. Choose unixpacket://, which also keeps message boundaries.";

    public int LongestPiece(Address address) => 32 * 1024;

    public TransportCapabilities CapabilitiesOf(Address address) => Capabilities;

    public IListener Bind(Address address, EndpointSettings settings)
    {
        if (settings.Pattern == PatternKind.Sender)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "a sender of datagrams cannot be bound, because a receiver does not announce itself",
                "Bind the receiver and connect the sender.")
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
            UnixEndpoint.PathOf(address), NativeSocketType.Datagram, Backlog.Of(address), address, PlaceMode.Of(address));
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
                "a receiver of datagrams cannot connect, because a sender would not know of it",
                "Bind the receiver and connect the sender.")
            {
                Address = address,
            };
        }

        _ = DatagramConnection.FramingOf(settings);

        // Connected, because only then the kernel reports when the receiver has capacity.
        Descriptor socket = await UnixEndpoint.ConnectAsync(
            address, NativeSocketType.Datagram, settings.Time, cancellationToken).ConfigureAwait(false);
        return Wrap(socket, settings, UnixEndpoint.PeerOf(socket), isConnected: true);
    }

    private static DatagramConnection Wrap(Descriptor socket, EndpointSettings settings, Peer peer, bool isConnected) =>
        new(socket, settings, Capabilities, peer, Longest, isConnected);
}
