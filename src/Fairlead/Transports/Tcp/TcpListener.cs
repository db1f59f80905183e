using System.Net;
using System.Net.Sockets;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Transports.Tcp;

/// <summary>A listening TCP port.</summary>
internal sealed class TcpListener : IListener
{
    private const int Backlog = 4096;

    private readonly Descriptor _listener;
    private readonly AddressFamily _family;
    private readonly Func<Descriptor, SocketAddress?, Connection> _wrap;

    private TcpListener(Address address, Descriptor listener, AddressFamily family, Func<Descriptor, SocketAddress?, Connection> wrap)
    {
        Address = address;
        _listener = listener;
        _family = family;
        _wrap = wrap;
    }

    public Address Address { get; }

    public Descriptor WaitDescriptor => _listener;

    public static TcpListener Bind(Address address, Func<Descriptor, SocketAddress?, Connection> wrap)
    {
        IPEndPoint place = HostAddresses.ResolveForBinding(address);
        return EndingHolder.Outlast(() => BindTo(place, address, wrap), isHeldByDescriptors: true);
    }

    public Connection? TryAccept()
    {
        SocketAddress name = new(_family);
        Descriptor? socket = NativeSocket.Accept(_listener, out Errno error, name);
        return socket is not null ? _wrap(socket, name)
            : error is Errno.EAGAIN or Errno.EBADF ? null
            : throw ErrnoMap.Failure("cannot accept a connection", error).At(Address);
    }

    public void Dispose() => _listener.Dispose();

    private static TcpListener BindTo(IPEndPoint place, Address address, Func<Descriptor, SocketAddress?, Connection> wrap)
    {
        Descriptor listener = NativeSocket.Create(place.AddressFamily, NativeSocketType.Stream);
        try
        {
            // Allows binding a port whose last connections still linger in the kernel, but not one that is listened on.
            NativeSocket.SetReuseAddress(listener);
            Errno error = NativeSocket.Bind(listener, place.Serialize());
            error = error == Errno.None ? NativeSocket.Listen(listener, Backlog) : error;
            if (error != Errno.None)
            {
                throw Failure(address, place, error);
            }

            int port = HostAddresses.EndPointOf(NativeSocket.LocalName(listener)).Port;
            return new TcpListener(address.WithPort(port), listener, place.AddressFamily, wrap);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    private static FairleadException Failure(Address address, IPEndPoint place, Errno error)
    {
        switch (error)
        {
            case Errno.EADDRINUSE:
                Holder? holder = PortHolder.Find(place);
                return new FairleadException(
                    ErrorCode.AlreadyExists,
                    holder is null ? "is held by another process" : $"is held by {holder}",
                    "Stop it, or choose another port; port 0 takes any free one.")
                {
                    Address = address,
                    Peer = holder?.Peer,
                    Errno = (int)error,
                };
            case Errno.EADDRNOTAVAIL:
                return new FairleadException(
                    ErrorCode.NotFound,
                    $"no interface of this host has the address {place.Address}",
                    "Choose an address of this host, or * for all.")
                {
                    Address = address,
                    Errno = (int)error,
                };
            case Errno.EACCES:
                return new FairleadException(
                    ErrorCode.PermissionDenied, $"port {place.Port} is reserved for the system", "Choose a port from 1024.")
                {
                    Address = address,
                    Errno = (int)error,
                };
            default:
                return ErrnoMap.Failure("cannot be bound", error).At(address);
        }
    }
}
