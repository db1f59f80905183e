using System.Threading.Channels;
using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc.Streams;

/// <summary>A parameter that is a stream, at the server: batches that have come, of which few wait.</summary>
/// <remarks>
/// The channel has the only lock. Any thread brings batches; one enumerates. The bytes of a batch, and the memory of its items, count for
/// its client until the batch has been read, or the stream has ended.
/// </remarks>
internal sealed class Incoming
{
    // With the batch that is being read and the one that the client makes.
    private const int MostWaiting = 2;

    private readonly Channel<HeldBatch> _batches = Channel.CreateBounded<HeldBatch>(
        new BoundedChannelOptions(MostWaiting) { AllowSynchronousContinuations = false });

    // The batch that is being read.
    private ClientShares.HeldFrame? _held;
    private bool _hasEnded;

    private int _isTaken;

    /// <summary>Adds a batch. Waits while too many are unread.</summary>
    /// <returns>False: the service has stopped reading.</returns>
    public async ValueTask<bool> AddAsync(HeldBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            await _batches.Writer.WriteAsync(batch, cancellationToken).ConfigureAwait(false);
            if (batch.Batch.IsLast)
            {
                _batches.Writer.TryComplete();
            }

            return true;
        }
        catch (ChannelClosedException)
        {
            return false;
        }
    }

    /// <summary>No more batches are taken: the call has ended, or the service has left its loop.</summary>
    public void End()
    {
        Volatile.Write(ref _hasEnded, true);
        _batches.Writer.TryComplete();
        while (_batches.Reader.TryRead(out HeldBatch unread))
        {
            unread.Held.Dispose();
        }

        // Behind a barrier, as that of TryTake: one of both sees the other.
        Interlocked.MemoryBarrier();
        Volatile.Read(ref _held)?.Dispose();
    }

    private bool TryTake(out Batch batch)
    {
        Volatile.Read(ref _held)?.Dispose();
        bool isTaken = _batches.Reader.TryRead(out HeldBatch next);
        Interlocked.Exchange(ref _held, next.Held);
        if (Volatile.Read(ref _hasEnded))
        {
            next.Held?.Dispose();
        }

        batch = next.Batch;
        return isTaken;
    }

    /// <summary>The items, once.</summary>
    /// <param name="read">Unmarshals an item.</param>
    /// <param name="call">Cancelled when the caller has gone.</param>
    public IAsyncEnumerable<T> Items<T>(RpcRead<T> read, CancellationToken call) => new Sequence<T>(this, read, call);

    private sealed class Sequence<T>(Incoming incoming, RpcRead<T> read, CancellationToken call) : IAsyncEnumerable<T>
    {
        public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
            Interlocked.Exchange(ref incoming._isTaken, 1) == 0
                ? new Enumerator<T>(incoming, read, CancellationTokenSource.CreateLinkedTokenSource(call, cancellationToken))
                : throw new InvalidOperationException("A stream from a client can be enumerated once.");
    }

    private sealed class Enumerator<T>(Incoming incoming, RpcRead<T> read, CancellationTokenSource end) : IAsyncEnumerator<T>
    {
        private Batch _batch;

        public T Current { get; private set; } = default!;

        public ValueTask<bool> MoveNextAsync() => TryMove() ? new ValueTask<bool>(true) : MoveOnAsync();

        public ValueTask DisposeAsync()
        {
            incoming.End();
            end.Dispose();
            return default;
        }

        private bool TryMove()
        {
            bool has = _batch.TryRead(read, out T item, Volatile.Read(ref incoming._held));
            Current = item;
            return has;
        }

        private async ValueTask<bool> MoveOnAsync()
        {
            while (!_batch.IsLast)
            {
                if (!incoming.TryTake(out _batch)
                    && !await incoming._batches.Reader.WaitToReadAsync(end.Token).ConfigureAwait(false))
                {
                    // The stream was not finished: its call has ended under the service.
                    end.Token.ThrowIfCancellationRequested();
                    throw new OperationCanceledException("The call of this stream has ended.");
                }

                if (TryMove())
                {
                    return true;
                }
            }

            return false;
        }
    }
}
