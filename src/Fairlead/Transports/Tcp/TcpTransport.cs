using System.Net;
using System.Net.Sockets;
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

    public IReadOnlyList<string> Options => [];

    public TransportCapabilities CapabilitiesOf(Address address) => Capabilities;

    public IListener Bind(Address address, EndpointSettings settings) =>
        TcpListener.Bind(address, (socket, name) => Wrap(socket, settings, name));

    public async ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        FairleadException? failure = null;
        foreach (IPEndPoint place in await HostAddresses.ResolveAsync(address, cancellationToken).ConfigureAwait(false))
        {
            Descriptor socket = NativeSocket.Create(place.AddressFamily, NativeSocketType.Stream);
            try
            {
                // The kernel assigns this end a port. The server to which it belongs may return, and must be able to bind it.
                NativeSocket.SetReuseAddress(socket);
                Errno error = await SocketConnector.ConnectAsync(
                    socket, place.Serialize(), settings.Time, cancellationToken).ConfigureAwait(false);
                if (error == Errno.None)
                {
                    return Wrap(socket, settings, place.Serialize());
                }

                failure ??= Failure(address, place, error);
            }
            catch
            {
                socket.Dispose();
                throw;
            }

            socket.Dispose();
        }

        throw failure ?? new FairleadException(ErrorCode.NotFound, "the host has no address", "Check the name.") { Address = address };
    }

    private static StreamConnection Wrap(Descriptor socket, EndpointSettings settings, SocketAddress? name)
    {
        NativeSocket.SetNoDelay(socket);
        NativeSocket.SetKeepAlive(socket);
        string? remote = name is null ? null : HostAddresses.EndPointOf(name).ToString();
        return new StreamConnection(socket, settings.Framing, Capabilities, new Peer { RemoteAddress = remote });
    }

    private static FairleadException Failure(Address address, IPEndPoint place, Errno error) =>
        error switch
        {
            Errno.ECONNREFUSED => new FairleadException(
                ErrorCode.NotFound, $"no endpoint listens there ({place})", "Start a server, or list live endpoints with fairlead list.")
            {
                Address = address,
                Errno = (int)error,
            },
            Errno.ETIMEDOUT => new FairleadException(
                ErrorCode.Unavailable, $"{place} does not answer", "Check the host and the network between.")
            {
                Address = address,
                Errno = (int)error,
            },
            _ => ErrnoMap.Failure($"cannot connect to {place}", error).At(address),
        };
}
