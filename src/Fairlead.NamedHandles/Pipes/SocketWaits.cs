using Fairlead.Native;
using Fairlead.Native.Waiting;

namespace Fairlead.NamedHandles.Pipes;

/// <summary>The waits of asynchronous calls for one socket: one that wants to read, and one that wants to write.</summary>
/// <remarks>Dispose it before the socket; that ends the waits.</remarks>
internal sealed class SocketWaits(Descriptor socket) : IReactorClient, IDisposable
{
    private readonly RankedLock _gate = new(LockRank.DescriptorStream);
    private Registration? _registration;
    private TaskCompletionSource? _reader;
    private TaskCompletionSource? _writer;
    private bool _isDisposed;

    /// <summary>Completes when the socket is ready, or has ended. One wait at a time for each of the two events.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The socket was closed.</exception>
    public async ValueTask UntilAsync(PollEvents events, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                throw PipeErrors.Closed();
            }

            if (events == PollEvents.Read)
            {
                _reader = waiter;
            }
            else
            {
                _writer = waiter;
            }

            _registration ??= Reactor.Shared.Register(socket, this);
            Arm();
        }

        using CancellationTokenRegistration cancellation = cancellationToken.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource)state!).TrySetCanceled(token), waiter);
        await waiter.Task.ConfigureAwait(false);
    }

    void IReactorClient.OnReady(PollEvents events)
    {
        using (_gate.Hold())
        {
            bool isEnd = (events & (PollEvents.Error | PollEvents.HangUp)) != 0;
            if (isEnd || (events & PollEvents.Read) != 0)
            {
                _reader?.TrySetResult();
                _reader = null;
            }

            if (isEnd || (events & PollEvents.Write) != 0)
            {
                _writer?.TrySetResult();
                _writer = null;
            }

            Arm();
        }
    }

    void IReactorClient.OnFailed(Exception exception)
    {
        using (_gate.Hold())
        {
            _reader?.TrySetException(exception);
            _writer?.TrySetException(exception);
        }
    }

    public void Dispose()
    {
        using (_gate.Hold())
        {
            _isDisposed = true;
            _registration?.Dispose();
            _reader?.TrySetException(PipeErrors.Closed());
            _writer?.TrySetException(PipeErrors.Closed());
        }
    }

    // A cancelled wait is still armed for, at most until the next event.
    private void Arm()
    {
        PollEvents wanted = (_reader is { Task.IsCompleted: false } ? PollEvents.Read : PollEvents.None)
            | (_writer is { Task.IsCompleted: false } ? PollEvents.Write : PollEvents.None);
        if (wanted != PollEvents.None)
        {
            _registration!.Arm(wanted);
        }
    }
}
