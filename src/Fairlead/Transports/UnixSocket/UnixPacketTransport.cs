using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports.UnixSocket;

/// <summary><c>unixpacket://</c>: sequenced packets within one machine.</summary>
/// <remarks>The kernel keeps the boundaries, so foreign programs need no framing.</remarks>
internal sealed class UnixPacketTransport : ITransport
{
    public string Scheme => "unixpacket";

    public IReadOnlyList<string> Options { get; } = [.. SocketFile.Options, Backlog.Option];

    public int LongestPiece(Address address) => 32 * 1024;

    public TransportCapabilities CapabilitiesOf(Address address) => UnixEndpoint.Capabilities | TransportCapabilities.KeepsBoundaries;

    public IListener Bind(Address address, EndpointSettings settings)
    {
        CheckFraming(address, settings);
        return UnixListener.Bind(address, NativeSocketType.SeqPacket, (descriptor, peer) => Wrap(descriptor, settings, peer));
    }

    public async ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        CheckFraming(address, settings);
        Descriptor socket = await UnixEndpoint
            .ConnectAsync(address, NativeSocketType.SeqPacket, settings.Time, cancellationToken)
            .ConfigureAwait(false);
        return Wrap(socket, settings, UnixEndpoint.PeerOf(socket));
    }

    private static PacketConnection Wrap(Descriptor descriptor, EndpointSettings settings, Peer peer) =>
        new(descriptor, settings.Framing, UnixEndpoint.Capabilities | TransportCapabilities.KeepsBoundaries, peer);

    private static void CheckFraming(Address address, EndpointSettings settings)
    {
        if (settings.Framing is not (FairleadFraming or RawFraming))
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "packets keep their boundaries and cannot use a framing for streams",
                "Use ?framing=none for programs that do not speak Fairlead's protocol.")
            {
                Address = address,
            };
        }
    }
}
