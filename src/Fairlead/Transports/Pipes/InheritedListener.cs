using System.Net;
using System.Net.Sockets;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Sockets;

namespace Fairlead.Transports.Pipes;

/// <summary>A listening socket that was inherited from a service manager.</summary>
/// <remarks>
/// The service manager keeps it when this process ends, and passes it to the next process. Peers that connect meanwhile wait there.
/// </remarks>
internal sealed class InheritedListener : IListener
{
    private readonly Descriptor _listener;
    private readonly StreamFraming _framing;
    private readonly AddressFamily _family;
    private readonly TransportCapabilities _capabilities;

    /// <summary>Creates the listener, which owns the socket from now on.</summary>
    public InheritedListener(Address address, Descriptor listener, StreamFraming framing)
    {
        Address = address;
        _listener = listener;
        _framing = framing;
        _family = FamilyOf(listener);
        _capabilities = CapabilitiesOf(listener);
    }

    public Address Address { get; }

    public Descriptor WaitDescriptor => _listener;

    /// <summary>Returns whether a socket is listening, and of a supported kind.</summary>
    public static bool CanServe(Descriptor socket) =>
        NativeSocket.IsListening(socket)
        && (FamilyOf(socket), NativeSocket.TypeOf(socket))
            is
                (AddressFamily.Unix, NativeSocketType.Stream or NativeSocketType.SeqPacket)
                or
                (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6, NativeSocketType.Stream);

    /// <summary>Returns the capabilities of the transport that would have bound such a socket.</summary>
    public static TransportCapabilities CapabilitiesOf(Descriptor listener)
    {
        const TransportCapabilities All =
            TransportCapabilities.Duplex | TransportCapabilities.Reliable | TransportCapabilities.Ordered | TransportCapabilities.ManyPeers;
        return FamilyOf(listener) != AddressFamily.Unix
            ? All | TransportCapabilities.CrossHost
            : All
                | TransportCapabilities.PeerIdentity
                | (IsOfPackets(listener) ? TransportCapabilities.KeepsBoundaries : TransportCapabilities.None);
    }

    /// <exception cref="FairleadException">NotSupported: the framing is not for packets.</exception>
    public static void CheckFraming(Descriptor listener, Address address, EndpointSettings settings)
    {
        if (IsOfPackets(listener) && settings.Framing is not (FairleadFraming or RawFraming))
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

    public Connection? TryAccept()
    {
        SocketAddress name = new(_family);
        Descriptor? socket = NativeSocket.Accept(_listener, out Errno error, name);
        return socket is not null ? Wrap(socket, name)
            : error is Errno.EAGAIN or Errno.EBADF ? null
            : throw ErrnoMap.Failure("cannot accept a connection", error).At(Address);
    }

    public void Dispose() => _listener.Dispose();

    private Connection Wrap(Descriptor socket, SocketAddress name)
    {
        if (_family == AddressFamily.Unix)
        {
            Peer peer = NativeSocket.Credentials(socket) is { } known
                ? new Peer
                {
                    ProcessId = known.ProcessId > 0 ? known.ProcessId : null,
                    UserId = known.UserId,
                    GroupId = known.GroupId,
                }
                : new Peer();
            return (_capabilities & TransportCapabilities.KeepsBoundaries) != 0
                ? new PacketConnection(socket, _framing, _capabilities, peer)
                : new StreamConnection(socket, _framing, _capabilities, peer);
        }

        NativeSocket.SetForMessages(socket);
        return new StreamConnection(
            socket, _framing, _capabilities, new Peer { RemoteAddress = HostAddresses.EndPointOf(name).ToString() });
    }

    /// <summary>Returns whether the peers of a socket may be on other machines.</summary>
    public static bool IsOfNetwork(Descriptor socket) =>
        FamilyOf(socket) is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6;

    private static bool IsOfPackets(Descriptor socket) => NativeSocket.TypeOf(socket) == NativeSocketType.SeqPacket;

    private static AddressFamily FamilyOf(Descriptor socket) => NativeSocket.LocalName(socket).Family;
}
