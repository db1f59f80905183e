using System.Net;
using System.Net.Sockets;
using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>Connects a socket without blocking a thread: by the reactor where the kernel says "in progress", again after a pause where a listener's queue is full.</summary>
internal static class SocketConnector
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    /// <summary>None, or why it did not work. The caller owns the socket either way.</summary>
    public static async ValueTask<Errno> ConnectAsync(Descriptor socket, SocketAddress address, TimeProvider time, CancellationToken token)
    {
        while (true)
        {
            Errno error = NativeSocket.Connect(socket, address);
            switch (error)
            {
                case Errno.EAGAIN when address.Family == AddressFamily.Unix:
                    // The listener's backlog is full, and nothing tells when it no longer is.
                    await Task.Delay(Pause, time, token).ConfigureAwait(false);
                    break;
                case Errno.EINPROGRESS:
                    await WaitWritableAsync(socket, token).ConfigureAwait(false);
                    return NativeSocket.TakeError(socket);
                default:
                    return error;
            }
        }
    }

    private static async Task WaitWritableAsync(Descriptor socket, CancellationToken token)
    {
        Waiter waiter = new();
        using Registration registration = Reactor.Shared.Register(socket, waiter);
        using CancellationTokenRegistration cancellation = token.UnsafeRegister(static (state, t) => ((Waiter)state!).TrySetCanceled(t), waiter);
        registration.Arm(PollEvents.Write);
        await waiter.Task.ConfigureAwait(false);
    }

    /// <summary>Continues on the pool: connecting is rare, and the reactor stays free.</summary>
    private sealed class Waiter() : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), IReactorClient
    {
        public void OnReady(PollEvents events) => TrySetResult();
    }
}
