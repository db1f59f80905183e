using System.Net;
using System.Net.Sockets;
using Fairlead.Native;
using Fairlead.Native.Sockets;

namespace Fairlead.Transports;

/// <summary>Resolves the host of an address to socket addresses.</summary>
internal static class HostAddresses
{
    /// <summary>Returns all socket addresses of a host, in the resolver's order.</summary>
    /// <remarks>The base library resolves, and cannot do so without a pool thread.</remarks>
    public static async ValueTask<IPEndPoint[]> ResolveAsync(Address address, CancellationToken cancellationToken)
    {
        if (Known(address) is { } known)
        {
            return [known];
        }

        try
        {
            IPAddress[] all = await Dns.GetHostAddressesAsync(address.Host!, cancellationToken).ConfigureAwait(false);
            return [.. all.Select(one => new IPEndPoint(one, address.Port!.Value))];
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            throw Unresolved(address, exception);
        }
    }

    /// <summary>Returns the socket address to bind.</summary>
    public static IPEndPoint ResolveForBinding(Address address)
    {
        if (Known(address) is { } known)
        {
            return known;
        }

        try
        {
            return new IPEndPoint(Dns.GetHostAddresses(address.Host!)[0], address.Port!.Value);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            throw Unresolved(address, exception);
        }
    }

    public static IPEndPoint EndPointOf(SocketAddress name)
    {
        IPEndPoint blank = new(name.Family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        return (IPEndPoint)blank.Create(name);
    }

    /// <summary>Returns the network address of this end of a socket; null for another kind of socket, and for a closed one.</summary>
    public static string? LocalOf(Descriptor socket)
    {
        try
        {
            SocketAddress name = NativeSocket.LocalName(socket);
            return name.Family is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 ? EndPointOf(name).ToString() : null;
        }
        catch (FairleadException)
        {
            // The connection is closed.
            return null;
        }
    }

    private static IPEndPoint? Known(Address address) =>
        address.Host is "" or "*" ? new IPEndPoint(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, address.Port!.Value)
        : IPAddress.TryParse(address.Host, out IPAddress? ip) ? new IPEndPoint(Zones.Complete(ip, address), address.Port!.Value)
        : null;

    private static FairleadException Unresolved(Address address, Exception exception)
    {
        // The base library does not ask the system for a name that no host can have, such as one of more than 255 characters.
        string why = exception is SocketException ? exception.Message : "no host can have this name";
        return new FairleadException(
            ErrorCode.NotFound, $"cannot resolve the host {address.Host}: {why}", "Check the name, or use an IP address.", exception)
        {
            Address = address,
        };
    }
}
