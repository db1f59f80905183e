using Fairlead.Native;

namespace Fairlead.Transports.UnixSocket;

/// <summary><c>unix://name</c>, <c>unix:///path</c>, <c>unix://@abstract</c>: stream sockets within one machine.</summary>
internal sealed class UnixSocketTransport : ITransport
{
    private const TransportCapabilities Capabilities = UnixEndpoint.Capabilities | TransportCapabilities.Handles;

    public string Scheme => "unix";

    public IReadOnlyList<string> Options { get; } = [.. SocketFile.Options, Backlog.Option, "handles"];

    public TransportCapabilities CapabilitiesOf(Address address) => Capabilities;

    public IListener Bind(Address address, EndpointSettings settings) =>
        UnixListener.Bind(address, NativeSocketType.Stream, (descriptor, peer) => Wrap(descriptor, settings, peer));

    public async ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        Descriptor socket = await UnixEndpoint.ConnectAsync(
            address, NativeSocketType.Stream, settings.Time, cancellationToken).ConfigureAwait(false);
        return Wrap(socket, settings, UnixEndpoint.PeerOf(socket));
    }

    private static StreamConnection Wrap(Descriptor descriptor, EndpointSettings settings, Peer peer) =>
        new(descriptor, settings.Framing, Capabilities, peer, takesHandles: settings.Handles > 0);
}
