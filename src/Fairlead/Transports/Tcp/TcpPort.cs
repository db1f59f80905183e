using System.Net;
using System.Net.Sockets;
using Fairlead.Native;
using Fairlead.Native.Sockets;
using Fairlead.Registry;

namespace Fairlead.Transports.Tcp;

/// <summary>A listening TCP port, without regard to what its connections carry.</summary>
/// <remarks>Any thread may dispose it while another accepts.</remarks>
internal sealed class TcpPort : IDisposable
{
    private readonly AddressFamily _family;

    private TcpPort(Address address, Descriptor listener, AddressFamily family)
    {
        Address = address;
        Listener = listener;
        _family = family;
    }

    /// <summary>The address actually bound.</summary>
    public Address Address { get; }

    /// <summary>Readable when a peer connects. Owned by the port.</summary>
    public Descriptor Listener { get; }

    /// <summary>Binds the host and port of an address, and listens.</summary>
    /// <exception cref="FairleadException">AlreadyExists with the holder, NotFound, PermissionDenied.</exception>
    public static TcpPort Bind(Address address)
    {
        _ = Backlog.Of(address);
        IPEndPoint place = HostAddresses.ResolveForBinding(address);
        return EndingHolder.Outlast(() => BindTo(place, address), isHeldByDescriptors: true);
    }

    /// <summary>Sets the options of a connected socket.</summary>
    public static void SetForMessages(Descriptor socket, EndpointSettings settings)
    {
        NativeSocket.SetForMessages(socket);
        if (settings.Linger == TimeSpan.Zero)
        {
            NativeSocket.SetReset(socket);
        }
    }

    /// <summary>Accepts the next connection. Returns null if none is waiting or the port is disposed. Does not block.</summary>
    /// <param name="remote">The address of the peer.</param>
    /// <exception cref="FairleadException">Unavailable: the process has no descriptors left.</exception>
    public Descriptor? TryAccept(out SocketAddress remote)
    {
        remote = new(_family);
        return NativeSocket.Accept(Listener, out Errno error, remote) is { } socket ? socket
            : error is Errno.EAGAIN or Errno.EBADF ? null
            : throw ErrnoMap.Failure("cannot accept a connection", error).At(Address);
    }

    public void Dispose() => Listener.Dispose();

    private static TcpPort BindTo(IPEndPoint place, Address address)
    {
        Descriptor listener = NativeSocket.Create(place.AddressFamily, NativeSocketType.Stream);
        try
        {
            // Allows binding a port whose last connections still linger in the kernel, but not one that is listened on.
            NativeSocket.SetReuseAddress(listener);
            Errno error = NativeSocket.Bind(listener, place.Serialize());
            error = error == Errno.None ? NativeSocket.Listen(listener, Backlog.Of(address)) : error;
            if (error != Errno.None)
            {
                throw BindErrors.Of(address, place, error, () => PortHolder.Find(place), "ss -tlpn");
            }

            int port = HostAddresses.EndPointOf(NativeSocket.LocalName(listener)).Port;
            return new TcpPort(address.WithPort(port), listener, place.AddressFamily);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }
}
