using System.Net;
using Fairlead.Native;

namespace Fairlead.Transports.Tcp;

/// <summary><c>tcp://host:port</c>. Port 0 binds any free port; the host <c>*</c> or an empty one binds every interface.</summary>
internal sealed class TcpTransport : ITransport
{
    private const TransportCapabilities Capabilities = TransportCapabilities.Duplex
        | TransportCapabilities.Reliable
        | TransportCapabilities.Ordered
        | TransportCapabilities.CrossHost
        | TransportCapabilities.ManyPeers;

    public string Scheme => "tcp";

    public IReadOnlyList<string> Options { get; } = [Backlog.Option, LingeringClose.Option];

    public TransportCapabilities CapabilitiesOf(Address address) => Capabilities;

    public IListener Bind(Address address, EndpointSettings settings) => new TcpListener(TcpPort.Bind(address), settings);

    public async ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        (Descriptor socket, IPEndPoint place) = await TcpConnector.ConnectAsync(
            address, settings.Time, cancellationToken).ConfigureAwait(false);
        return Wrap(socket, settings, place);
    }

    /// <summary>Makes a connection of a connected socket, which it owns from the call on, also if this throws.</summary>
    public static StreamConnection Wrap(Descriptor socket, EndpointSettings settings, IPEndPoint remote)
    {
        try
        {
            TcpPort.SetForMessages(socket, settings);
            Peer peer = new() { RemoteAddress = remote.ToString(), LocalAddress = HostAddresses.LocalOf(socket) };
            return new StreamConnection(socket, settings.Framing, Capabilities, peer, settings.Linger);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
