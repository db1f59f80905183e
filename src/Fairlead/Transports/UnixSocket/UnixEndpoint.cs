using System.Net.Sockets;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Transports.UnixSocket;

/// <summary>What the Unix socket transports share: where an address lies, how to get there, and who is there.</summary>
internal static class UnixEndpoint
{
    public const int Backlog = 4096;

    public const TransportCapabilities Capabilities = TransportCapabilities.Duplex | TransportCapabilities.Reliable | TransportCapabilities.Ordered
        | TransportCapabilities.PeerIdentity | TransportCapabilities.ManyPeers;

    public static readonly string[] Options = ["mode", "scope"];

    /// <summary>The path of the socket file of an address that is not abstract.</summary>
    public static string PathOf(Address address) =>
        address.IsPath ? address.Place : RuntimeDirectory.Current().SocketPath(address.Scheme, address.Place);

    /// <summary>The socket file's permissions: the user's alone, unless a wider scope is asked for by name.</summary>
    public static uint ModeOf(Address address)
    {
        if (address.Option("mode") is { } mode)
        {
            try
            {
                uint value = Convert.ToUInt32(mode, 8);
                return value <= 0b111_111_111 ? value : throw new OverflowException();
            }
            catch (Exception exception) when (exception is FormatException or OverflowException or ArgumentException)
            {
                throw new AddressFormatException(address.ToString(), $"mode={mode} is no file mode. Give three octal digits: mode=660.");
            }
        }

        return address.Option("scope") switch
        {
            null or "user" => 0b110_000_000,
            "group" => 0b110_110_000,
            "machine" => 0b110_110_110,
            string other => throw new AddressFormatException(address.ToString(), $"there is no scope '{other}'. Use user, group or machine."),
        };
    }

    public static Peer PeerOf(Descriptor socket)
    {
        PeerCredentials? credentials = NativeSocket.Credentials(socket);
        return credentials is { } known
            ? new Peer { ProcessId = known.ProcessId > 0 ? known.ProcessId : null, UserId = known.UserId, GroupId = known.GroupId }
            : new Peer();
    }

    public static async ValueTask<Descriptor> ConnectAsync(Address address, NativeSocketType type, TimeProvider time, CancellationToken token)
    {
        Descriptor socket = NativeSocket.Create(AddressFamily.Unix, type);
        try
        {
            Errno error;
            using (SocketName? name = address.IsAbstract ? SocketName.Of("\0" + address.Place[1..]) : SocketName.OfExisting(PathOf(address), out error))
            {
                error = name is null ? Errno.ENOENT : await SocketConnector.ConnectAsync(socket, name.Address, time, token).ConfigureAwait(false);
            }

            return error == Errno.None ? socket : throw Failure(address, error);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static FairleadException Failure(Address address, Errno error) => error switch
    {
        Errno.ENOENT or Errno.ECONNREFUSED or Errno.ENOTDIR => new FairleadException(ErrorCode.NotFound, "nobody listens there", "Start a server, or see what lives: fairlead list.") { Address = address, Errno = (int)error },
        Errno.EPROTOTYPE => new FairleadException(ErrorCode.Incompatible, "another type of socket listens there", address.Scheme == "unix" ? "Try unixpacket://." : "Try unix://.") { Address = address, Errno = (int)error },
        Errno.EACCES or Errno.EPERM => new FairleadException(ErrorCode.PermissionDenied, "this user may not connect", "The server's owner can widen it: ?scope=group or ?scope=machine.") { Address = address, Errno = (int)error },
        _ => ErrnoMap.Failure("cannot be connected", error).At(address),
    };
}
