using System.Threading.Channels;

namespace Fairlead.Patterns.Forms;

/// <summary>The writer of a channel whose reader is a peer.</summary>
/// <remarks>
/// <see cref="_gate"/> guards the fields. <see cref="_pending"/> sends the one value that was accepted without capacity for it. While it
/// waits, no other value overtakes it.
/// </remarks>
/// <param name="trySend">Sends without waiting.</param>
/// <param name="sendAsync">Sends when there is capacity.</param>
internal sealed class SendingChannel<T>(Func<T, SendResult> trySend, Func<T, CancellationToken, ValueTask> sendAsync) : ChannelWriter<T>
{
    private readonly Lock _gate = new();
    private Task _pending = Task.CompletedTask;
    private bool _isComplete;
    private Exception? _error;

    public override bool TryWrite(T item)
    {
        lock (_gate)
        {
            if (_isComplete || !_pending.IsCompletedSuccessfully)
            {
                return false;
            }

            if (trySend(item) == SendResult.Sent)
            {
                return true;
            }

            // Where sending fails at once, as after the end of the peer, the value is not taken, and the next wait throws the error.
            _pending = sendAsync(item, CancellationToken.None).AsTask();
            return !_pending.IsFaulted;
        }
    }

    public override ValueTask<bool> WaitToWriteAsync(CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            return _isComplete
                ? _error is null ? new ValueTask<bool>(false) : ValueTask.FromException<bool>(_error)
                : _pending.IsCompletedSuccessfully
                    ? new ValueTask<bool>(true)
                    : WaitAsync(_pending, cancellationToken);
        }
    }

    public override ValueTask WriteAsync(T item, CancellationToken cancellationToken = default)
    {
        Task pending;
        lock (_gate)
        {
            if (_isComplete)
            {
                return ValueTask.FromException(new ChannelClosedException(_error));
            }

            pending = _pending;
        }

        return pending.IsCompletedSuccessfully ? sendAsync(item, cancellationToken) : WriteBehindAsync(pending, item, cancellationToken);
    }

    public override bool TryComplete(Exception? error = null)
    {
        lock (_gate)
        {
            if (_isComplete)
            {
                return false;
            }

            _isComplete = true;
            _error = error;
            return true;
        }
    }

    private async ValueTask<bool> WaitAsync(Task pending, CancellationToken cancellationToken)
    {
        await AwaitPendingAsync(pending, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async ValueTask WriteBehindAsync(Task pending, T item, CancellationToken cancellationToken)
    {
        await AwaitPendingAsync(pending, cancellationToken).ConfigureAwait(false);
        await sendAsync(item, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits for the value that was accepted. Its error is thrown once: it concerns no other value.</summary>
    private async ValueTask AwaitPendingAsync(Task pending, CancellationToken cancellationToken)
    {
        try
        {
            await pending.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                if (_pending == pending && pending.IsCompleted)
                {
                    _pending = Task.CompletedTask;
                }
            }
        }
    }
}
