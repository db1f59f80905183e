using System.Net.Sockets;
using Fairlead.Native;
using Fairlead.Native.Sockets;
using Fairlead.Registry;

namespace Fairlead.Transports.UnixSocket;

/// <summary>The common part of the Unix socket transports: paths, connecting, and the peer's identity.</summary>
internal static class UnixEndpoint
{
    public const TransportCapabilities Capabilities = TransportCapabilities.Duplex
        | TransportCapabilities.Reliable
        | TransportCapabilities.Ordered
        | TransportCapabilities.PeerIdentity
        | TransportCapabilities.ManyPeers;

    /// <summary>Returns the path of the socket file of an address that is not abstract.</summary>
    public static string PathOf(Address address) =>
        address.IsPath ? address.Place : RuntimeDirectory.Current().SocketPath(address.Scheme, address.Place);

    public static Peer PeerOf(Descriptor socket)
    {
        PeerCredentials? credentials = NativeSocket.Credentials(socket);
        return credentials is { } known
            ? new Peer { ProcessId = known.ProcessId > 0 ? known.ProcessId : null, UserId = known.UserId, GroupId = known.GroupId }
            : new Peer();
    }

    public static async ValueTask<Descriptor> ConnectAsync(
        Address address, NativeSocketType type, TimeProvider time, CancellationToken cancellationToken)
    {
        Descriptor socket = NativeSocket.Create(AddressFamily.Unix, type);
        try
        {
            Errno error;
            using (SocketName? name = NameOf(address))
            {
                error = name is null
                    ? Errno.ENOENT
                    : await SocketConnector.ConnectAsync(socket, name.Address, time, cancellationToken).ConfigureAwait(false);
            }

            return error == Errno.None ? socket : throw Failure(address, error);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Returns the name of a socket that another process has bound. Null if its path is long and cannot be opened.</summary>
    public static SocketName? NameOf(Address address) =>
        address.IsAbstract ? SocketName.Of("\0" + address.Place[1..]) : SocketName.OfExisting(PathOf(address), out _);

    /// <summary>Returns the error of a connection, or of a datagram, that does not reach an address.</summary>
    public static FairleadException Failure(Address address, Errno error) =>
        error switch
        {
            Errno.ENOENT or Errno.ECONNREFUSED or Errno.ENOTDIR => new FairleadException(
                ErrorCode.NotFound,
                $"no endpoint listens there{RuntimeDirectory.Searched(address)}",
                "Start a server, or list live endpoints with fairlead list.")
            {
                Address = address,
                Errno = (int)error,
            },
            Errno.EPROTOTYPE => new FairleadException(
                ErrorCode.Incompatible,
                "a socket of another type listens there",
                address.Scheme == "unix" ? "Try unixpacket:// or unixgram://." : "Try unix://.")
            {
                Address = address,
                Errno = (int)error,
            },
            Errno.EACCES or Errno.EPERM => new FairleadException(
                ErrorCode.PermissionDenied, "this user may not connect", "Bind with ?scope=group or ?scope=machine to allow more users.")
            {
                Address = address,
                Errno = (int)error,
            },
            _ => ErrnoMap.Failure("cannot be connected", error).At(address),
        };
}
