using System.Net;
using System.Net.Sockets;
using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>
/// Connects a socket without blocking a thread: by the reactor where the kernel says "in progress", again after a pause where a listener's
/// queue is full.
/// </summary>
internal static class SocketConnector
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    /// <summary>
    /// None, or why it did not work; ECONNREFUSED also for a socket that was connected to itself. The caller owns the socket either way.
    /// </summary>
    public static async ValueTask<Errno> ConnectAsync(
        Descriptor socket, SocketAddress address, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            Errno error = NativeSocket.Connect(socket, address);
            if (error == Errno.EAGAIN && address.Family == AddressFamily.Unix)
            {
                // The listener's backlog is full, and nothing tells when it no longer is.
                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (error == Errno.EINPROGRESS)
            {
                await WaitWritableAsync(socket, cancellationToken).ConfigureAwait(false);
                error = NativeSocket.TakeError(socket);
            }

            return error == Errno.None && IsItsOwnPeer(socket) ? Errno.ECONNREFUSED : error;
        }
    }

    /// <summary>
    /// Whether the kernel lent the socket the very port that it was to connect to, at which nobody listens: then TCP connects it to itself,
    /// and what it sends comes back. Who tries again and again to reach a server that is not there meets that sooner or later.
    /// </summary>
    private static bool IsItsOwnPeer(Descriptor socket)
    {
        SocketAddress own = NativeSocket.LocalName(socket);
        return own.Family != AddressFamily.Unix && own.Equals(NativeSocket.PeerName(socket));
    }

    private static async Task WaitWritableAsync(Descriptor socket, CancellationToken cancellationToken)
    {
        Waiter waiter = new();
        using Registration registration = Reactor.Shared.Register(socket, waiter);
        using CancellationTokenRegistration cancellation = cancellationToken.UnsafeRegister(
            static (state, t) => ((Waiter)state!).TrySetCanceled(t), waiter);
        registration.Arm(PollEvents.Write);
        await waiter.Task.ConfigureAwait(false);
    }

    /// <summary>Continues on the pool: connecting is rare, and the reactor stays free.</summary>
    private sealed class Waiter() : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), IReactorClient
    {
        public void OnReady(PollEvents events) => TrySetResult();
    }
}
