using System.Net;
using System.Net.Sockets;
using Fairlead.Native;
using Fairlead.Native.Sockets;
using Fairlead.Native.Waiting;

namespace Fairlead.Transports;

/// <summary>Connects a socket without blocking a thread.</summary>
/// <remarks>
/// The reactor waits while the kernel reports a connection in progress. If the queue of a listener is full, this tries again after a pause.
/// </remarks>
internal static class SocketConnector
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    /// <summary>Connects, and returns no error or the reason. The caller owns the socket either way.</summary>
    /// <remarks>Returns ECONNREFUSED, too, for a socket that was connected to itself.</remarks>
    public static async ValueTask<Errno> ConnectAsync(
        Descriptor socket, SocketAddress address, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            Errno error = NativeSocket.Connect(socket, address);
            if (error == Errno.EAGAIN && address.Family == AddressFamily.Unix)
            {
                // The listener's backlog is full, and no event shows when it has space.
                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (error == Errno.EINPROGRESS)
            {
                await ReactorWait.UntilAsync(socket, PollEvents.Write, cancellationToken).ConfigureAwait(false);
                error = NativeSocket.TakeError(socket);
            }

            return error == Errno.None && IsItsOwnPeer(socket) ? Errno.ECONNREFUSED : error;
        }
    }

    /// <summary>Returns whether a TCP socket was connected to itself.</summary>
    /// <remarks>
    /// This happens when the kernel assigns it the very port to connect to, and that port has no listener. The socket then receives its own
    /// data. Repeated attempts to reach an absent server eventually cause it.
    /// </remarks>
    private static bool IsItsOwnPeer(Descriptor socket)
    {
        SocketAddress own = NativeSocket.LocalName(socket);
        return own.Family != AddressFamily.Unix && own.Equals(NativeSocket.PeerName(socket));
    }
}
