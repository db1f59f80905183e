using System.Net;
using System.Net.Sockets;
using Fairlead.Native;
using Fairlead.Native.Sockets;

namespace Fairlead.Transports.Tcp;

/// <summary>Connects to the host and port of an address, without regard to what the connection carries.</summary>
internal static class TcpConnector
{
    /// <summary>Connects to the first of the host's addresses that has a listener. The caller owns the socket.</summary>
    /// <exception cref="FairleadException">NotFound without a listener or host; Unavailable: the host does not answer.</exception>
    public static async ValueTask<(Descriptor Socket, IPEndPoint Place)> ConnectAsync(
        Address address, TimeProvider time, CancellationToken cancellationToken)
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
                    socket, place.Serialize(), time, cancellationToken).ConfigureAwait(false);
                if (error == Errno.None)
                {
                    return (socket, place);
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
