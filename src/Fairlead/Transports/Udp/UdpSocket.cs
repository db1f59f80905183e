using System.Net;
using System.Net.Sockets;
using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Native.Sockets;
using Fairlead.Registry;

namespace Fairlead.Transports.Udp;

/// <summary>Creates UDP sockets with the options of their address: groups, interfaces, broadcast.</summary>
internal static class UdpSocket
{
    public static readonly string[] Options = ["broadcast", "interface", "loop", "ttl"];

    /// <summary>The address of this host from which a connected end sends.</summary>
    public const string LocalOption = "local";

    /// <summary>Binds a socket to an address, and joins the group if the address is one.</summary>
    /// <param name="address">The address to bind.</param>
    /// <param name="bound">The address with the port actually bound.</param>
    /// <param name="isReliable">
    /// Whether sockets of sessions may be bound to the same address, both earlier ones, which stay for a while, and later ones.
    /// </param>
    public static Descriptor Bind(Address address, out Address bound, bool isReliable = false)
    {
        if (address.Option(LocalOption) is not null)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "option 'local' is for the connecting end; a bound end sends from the address that it is bound to",
                "Remove local=, and name the address as the host.")
            {
                Address = address,
            };
        }

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

            if (place.Address.Equals(IPAddress.Any) || place.Address.Equals(IPAddress.IPv6Any))
            {
                // Answers come from the address that was asked. A kernel that cannot report it chooses one, as for any program.
                _ = NativeDatagrams.ReportLocalHosts(socket, place.AddressFamily);
            }

            Errno error = NativeSocket.Bind(socket, place.Serialize());
            if (isReliable)
            {
                // Sessions keep it: the next listener gets the address although some of them linger, but only if no other socket listens
                // there.
                NativeSocket.SetReuseAddress(socket, on: false);
            }

            if (error == Errno.None && IsGroup(place.Address))
            {
                error = NativeDatagrams.Join(socket, place.Address, Zones.InterfaceOf(address));
            }

            if (error != Errno.None)
            {
                throw BindErrors.Of(address, place, error, () => HolderOf(place.Port), "ss -ulpn");
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

    /// <summary>Connects a socket to an address. It receives from no other.</summary>
    public static async ValueTask<(Descriptor Socket, IPEndPoint Place)> ConnectAsync(Address address, CancellationToken cancellationToken)
    {
        FairleadException? failure = null;
        foreach (IPEndPoint place in await HostAddresses.ResolveAsync(address, cancellationToken).ConfigureAwait(false))
        {
            if (TryConnect(address, place, ref failure) is { } socket)
            {
                return (socket, place);
            }
        }

        throw failure ?? NoPlace(address);
    }

    /// <summary>Connects a socket to one place of an address. Null if that fails; the first failure is kept.</summary>
    public static Descriptor? TryConnect(Address address, IPEndPoint place, ref FairleadException? failure)
    {
        Descriptor socket = NativeSocket.Create(place.AddressFamily, NativeSocketType.Datagram);
        try
        {
            Prepare(socket, place.AddressFamily, address);
            IPAddress? local = LocalOf(address, place);
            Errno error = local is null ? Errno.None : NativeSocket.Bind(socket, new IPEndPoint(local, 0).Serialize());
            bool isBound = error == Errno.None;
            error = isBound ? NativeSocket.Connect(socket, place.Serialize()) : error;
            if (error == Errno.None)
            {
                return socket;
            }

            failure ??=
                !isBound
                    ? new FairleadException(
                        ErrorCode.NotFound,
                        $"datagrams to {place} cannot be sent from {local}",
                        "Choose an address of this host and of the same family for local=; ip address lists them.")
                    {
                        Address = address,
                        Errno = (int)error,
                    }
                : error == Errno.EACCES
                    ? new FairleadException(
                        ErrorCode.PermissionDenied,
                        $"{place.Address} is a broadcast address, which reaches all hosts of a network",
                        "Allow it with ?broadcast=true.")
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
        return null;
    }

    /// <summary>Returns the error for a host without any address.</summary>
    public static FairleadException NoPlace(Address address) =>
        new(ErrorCode.NotFound, "the host has no address", "Check the name.") { Address = address };

    /// <summary>Creates a socket for one peer of a bound socket: at the same address, and connected. Null if that fails.</summary>
    /// <remarks>
    /// Between the two calls it may receive datagrams of other peers. They are lost, as any datagram may be. The listener shares its
    /// address by SO_REUSEPORT, which is limited to the same user. Other sessions share theirs by SO_REUSEADDR.
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
            // No descriptors are available.
        }

        socket?.Dispose();
        return null;
    }

    public static bool IsGroup(IPAddress address) => LocalHost.IsGroup(address.GetAddressBytes());

    /// <summary>Returns the address from which to send to a place; null if the system chooses.</summary>
    private static IPAddress? LocalOf(Address address, IPEndPoint place)
    {
        if (address.Option(LocalOption) is not { } text)
        {
            return null;
        }

        if (!IPAddress.TryParse(text, out IPAddress? local))
        {
            throw new AddressFormatException(
                address.ToString(), $"local={PlainText.OneLine(text)} is not an IP address; write one of this host, such as 192.168.1.5");
        }

        // A link-local address without its interface is one of the interface of the other end.
        return local is { IsIPv6LinkLocal: true, ScopeId: 0 } ? new IPAddress(local.GetAddressBytes(), place.Address.ScopeId) : local;
    }

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

        if (error == Errno.None && Zones.InterfaceOf(address) is > 0 and var index)
        {
            error = NativeDatagrams.SetGroupInterface(socket, family, index);
        }

        if (error != Errno.None)
        {
            throw ErrnoMap.Failure("cannot apply the options of the address to the socket", error).At(address);
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
            // The registry cannot be trusted.
            return null;
        }
    }
}
