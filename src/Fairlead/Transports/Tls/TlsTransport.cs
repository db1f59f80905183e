using System.Net;
using Fairlead.Native;
using Fairlead.Transports.Tcp;

namespace Fairlead.Transports.Tls;

/// <summary><c>tls://host:port</c>: TLS 1.3 over TCP. Both ends may prove their identity by certificates.</summary>
internal sealed class TlsTransport : ITransport
{
    public const TransportCapabilities Capabilities = TransportCapabilities.Duplex
        | TransportCapabilities.Reliable
        | TransportCapabilities.Ordered
        | TransportCapabilities.CrossHost
        | TransportCapabilities.ManyPeers;

    private const string ServerNameOption = "servername";

    public string Scheme => "tls";

    public IReadOnlyList<string> Options =>
        [
            Backlog.Option,
            LingeringClose.Option,
            TlsFiles.AuthorityOption,
            TlsFiles.CertificateOption,
            TlsFiles.KeyOption,
            ServerNameOption,
        ];

    public IReadOnlyList<string> PlaceOptions => [ServerNameOption];

    public TransportCapabilities CapabilitiesOf(Address address) => Capabilities;

    public IListener Bind(Address address, EndpointSettings settings)
    {
        if (TlsFiles.PathOf(address, TlsFiles.CertificateOption) is null)
        {
            throw new AddressFormatException(
                address.ToString(),
                "to listen, tls:// needs a certificate. Write certificate=PATH&key=PATH; fairlead certificate makes one for trials.");
        }

        if (address.Option(ServerNameOption) is not null)
        {
            throw new AddressFormatException(address.ToString(), "option 'servername' is for the end that connects. Remove it.");
        }

        TlsIdentity identity = TlsIdentity.Load(address);
        TcpPort port = TcpPort.Bind(address);
        try
        {
            return new TlsListener(port, identity, settings);
        }
        catch
        {
            port.Dispose();
            throw;
        }
    }

    public async ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        TlsIdentity identity = TlsIdentity.Load(address);
        (Descriptor socket, IPEndPoint place) = await TcpConnector.ConnectAsync(
            address, settings.Time, cancellationToken).ConfigureAwait(false);
        try
        {
            TcpPort.SetForMessages(socket, settings);
            return await TlsHandshake.ConnectAsync(
                socket, place, address, identity, settings, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Returns the name that the server's certificate must have.</summary>
    public static string ServerNameOf(Address address) => address.Option(ServerNameOption) ?? address.Host!;
}
