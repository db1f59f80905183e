using System.Net;
using System.Net.Sockets;
using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Transports.Udp;

/// <summary>UDP sockets with what their address asks for: groups, interfaces, broadcast.</summary>
internal static class UdpSocket
{
    public static readonly string[] Options = ["broadcast", "interface", "loop", "ttl"];

    /// <summary>A socket that hears what comes to a place; a member of the group, where the place is one.</summary>
    /// <param name="address">Where.</param>
    /// <param name="bound">With the port that was really taken.</param>
    /// <param name="isReliable">
    /// Whether sockets of sessions may be bound to the same place, before (they linger for a while) and behind.
    /// </param>
    public static Descriptor Bind(Address address, out Address bound, bool isReliable = false)
    {
        IPEndPoint place = HostAddresses.ResolveForBinding(address);
        Descriptor socket = NativeSocket.Create(place.AddressFamily, NativeSocketType.Datagram);
        try
        {
            Prepare(socket, place.AddressFamily, address);
            if (IsGroup(place.Address))
            {
                // Any number of programs on one host may be members.
                NativeSocket.SetReuseAddress(socket);
            }

            if (isReliable)
            {
                NativeSocket.SetReuseAddress(socket);
            }

            Errno error = NativeSocket.Bind(socket, place.Serialize());
            if (isReliable)
            {
                // Sessions go on having it: who comes later gets the place when nobody listens there, though some of them linger.
                NativeSocket.SetReuseAddress(socket, on: false);
            }

            if (error == Errno.None && IsGroup(place.Address))
            {
                error = NativeDatagrams.Join(socket, place.Address, InterfaceOf(address));
            }

            if (error != Errno.None)
            {
                throw Failure(address, place, error);
            }

            bound = address.WithPort(HostAddresses.EndPointOf(NativeSocket.LocalName(socket)).Port);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A socket that sends to a place, and hears nobody else.</summary>
    public static async ValueTask<(Descriptor Socket, IPEndPoint Place)> ConnectAsync(Address address, CancellationToken cancellationToken)
    {
        FairleadException? failure = null;
        foreach (IPEndPoint place in await HostAddresses.ResolveAsync(address, cancellationToken).ConfigureAwait(false))
        {
            Descriptor socket = NativeSocket.Create(place.AddressFamily, NativeSocketType.Datagram);
            try
            {
                Prepare(socket, place.AddressFamily, address);
                Errno error = NativeSocket.Connect(socket, place.Serialize());
                if (error == Errno.None)
                {
                    return (socket, place);
                }

                failure ??=
                    error == Errno.EACCES
                        ? new FairleadException(
                            ErrorCode.PermissionDenied,
                            $"{place.Address} reaches everybody on a network",
                            "Say that it may: ?broadcast=true.")
                        {
                            Address = address,
                            Errno = (int)error,
                        }
                        : ErrnoMap.Failure($"cannot send to {place}", error).At(address);
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

    /// <summary>
    /// A socket for one of those who speak to a bound one: at the same place, and connected; null where there is none to be had.
    /// </summary>
    /// <remarks>
    /// Between the two calls it may be given what others send, which is lost then, as anything may be on the way. That the listener lends
    /// its place is said by the option that is good for the same user alone; that other sessions have none of their own, by the other.
    /// </remarks>
    public static Descriptor? Accept(Descriptor listener, SocketAddress place, ReadOnlySpan<byte> name)
    {
        Descriptor? socket = null;
        try
        {
            socket = NativeSocket.Create(place.Family, NativeSocketType.Datagram);
            SocketAddress remote = new(NativeSocket.FamilyOf(name), name.Length);
            name.CopyTo(remote.Buffer.Span);
            NativeSocket.SetReuseAddress(socket);
            NativeSocket.SetReusePort(socket, on: true);
            NativeSocket.SetReusePort(listener, on: true);
            bool isDone = NativeSocket.Bind(socket, place) == Errno.None && NativeSocket.Connect(socket, remote) == Errno.None;
            NativeSocket.SetReusePort(listener, on: false);
            NativeSocket.SetReusePort(socket, on: false);
            if (isDone)
            {
                return socket;
            }
        }
        catch (FairleadException)
        {
            // No descriptors left.
        }

        socket?.Dispose();
        return null;
    }

    public static bool IsGroup(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 ? address.IsIPv6Multicast : (address.GetAddressBytes()[0] & 0xF0) == 0xE0;

    private static void Prepare(Descriptor socket, AddressFamily family, Address address)
    {
        Errno error = Errno.None;
        if (AddressOptions.Bool(address, "broadcast") == true)
        {
            error = NativeDatagrams.AllowBroadcast(socket);
        }

        if (error == Errno.None && AddressOptions.Int(address, "ttl", 0, 255) is { } hops)
        {
            error = NativeDatagrams.SetGroupHops(socket, family, hops);
        }

        if (error == Errno.None && AddressOptions.Bool(address, "loop") is { } loop)
        {
            error = NativeDatagrams.SetGroupLoop(socket, family, loop);
        }

        if (error == Errno.None && InterfaceOf(address) is > 0 and var index)
        {
            error = NativeDatagrams.SetGroupInterface(socket, family, index);
        }

        if (error != Errno.None)
        {
            throw ErrnoMap.Failure("the socket cannot be set up as asked", error).At(address);
        }
    }

    /// <summary>0 where none is named: the system chooses.</summary>
    private static int InterfaceOf(Address address)
    {
        if (address.Option("interface") is not { } name)
        {
            return 0;
        }

        int index = NativeDatagrams.InterfaceIndex(name);
        return index > 0
            ? index
            : throw new FairleadException(
                ErrorCode.NotFound, $"there is no interface '{PlainText.OneLine(name)}'", "See which there are: ip link.")
            {
                Address = address,
            };
    }

    private static FairleadException Failure(Address address, IPEndPoint place, Errno error)
    {
        switch (error)
        {
            case Errno.EADDRINUSE:
                Holder? holder = HolderOf(place.Port);
                return new FairleadException(
                    ErrorCode.AlreadyExists,
                    holder is null ? "is held by another process" : $"is held by {holder}",
                    "See who it is: ss -ulpn. Stop it, or choose another port; port 0 takes any free one.")
                {
                    Address = address,
                    Peer = holder?.Peer,
                    Errno = (int)error,
                };
            case Errno.EADDRNOTAVAIL:
                return new FairleadException(
                    ErrorCode.NotFound,
                    $"no interface of this host has the address {place.Address}",
                    "Choose one of its own, or * for all.")
                {
                    Address = address,
                    Errno = (int)error,
                };
            case Errno.EACCES:
                return new FairleadException(
                    ErrorCode.PermissionDenied, $"port {place.Port} is reserved for the system", "Choose one from 1024 on.")
                {
                    Address = address,
                    Errno = (int)error,
                };
            case Errno.ENODEV:
                return new FairleadException(
                    ErrorCode.NotFound, $"no interface can become a member of {place.Address}", "Name one: ?interface=eth0.")
                {
                    Address = address,
                    Errno = (int)error,
                };
            default:
                return ErrnoMap.Failure("cannot be bound", error).At(address);
        }
    }

    private static Holder? HolderOf(int port)
    {
        try
        {
            return EndpointRegistry
                .Read()
                .Endpoints.FirstOrDefault(entry =>
                    entry.IsBound && Address.TryParse(entry.Address, out Address? held) && held.Scheme == "udp" && held.Port == port)
                ?.Holder;
        }
        catch (FairleadException)
        {
            // No registry that could be trusted.
            return null;
        }
    }
}
