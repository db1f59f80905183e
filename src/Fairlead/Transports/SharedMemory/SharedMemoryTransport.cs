using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Registry;
using Fairlead.Transports.UnixSocket;

namespace Fairlead.Transports.SharedMemory;

/// <summary><c>shm://name</c>: rings in shared memory, one for each direction of each connection.</summary>
/// <remarks>
/// The name is a Unix socket over which the ends meet and pass their memory. The memory itself has no name, and cannot be left behind.
/// </remarks>
internal sealed class SharedMemoryTransport : ITransport
{
    public const TransportCapabilities Capabilities = TransportCapabilities.Duplex
        | TransportCapabilities.Reliable
        | TransportCapabilities.Ordered
        | TransportCapabilities.KeepsBoundaries
        | TransportCapabilities.PeerIdentity
        | TransportCapabilities.ManyPeers
        | TransportCapabilities.ZeroCopy;

    public string Scheme => "shm";

    public IReadOnlyList<string> Options { get; } = SocketFile.Options;

    public TransportCapabilities CapabilitiesOf(Address address) => Capabilities;

    public IListener Bind(Address address, EndpointSettings settings)
    {
        CheckFraming(address, settings);
        return UnixListener.Bind(address, NativeSocketType.Stream, (descriptor, peer) => Wrap(descriptor, settings, peer));
    }

    public async ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        CheckFraming(address, settings);
        Descriptor socket = await UnixEndpoint.ConnectAsync(
            address, NativeSocketType.Stream, settings.Time, cancellationToken).ConfigureAwait(false);
        return Wrap(socket, settings, UnixEndpoint.PeerOf(socket));
    }

    public Broadcast? CreateBroadcast(EndpointSettings settings, EndpointCounters counters) =>
        new BroadcastRing(BroadcastLayout.CapacityFor(settings), counters);

    private static SharedMemoryConnection Wrap(Descriptor socket, EndpointSettings settings, Peer peer)
    {
        try
        {
            return new SharedMemoryConnection(
                socket,
                RingLayout.CapacityFor(settings.Capacity, settings.Messages),
                peer,
                hearsBroadcasts: settings.Pattern == PatternKind.Subscriber);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void CheckFraming(Address address, EndpointSettings settings)
    {
        if (settings.Framing is not FairleadFraming)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "messages in shared memory have no framing",
                "Remove ?framing=, or use unix:// for programs that do not speak Fairlead's protocol.")
            {
                Address = address,
            };
        }
    }
}
