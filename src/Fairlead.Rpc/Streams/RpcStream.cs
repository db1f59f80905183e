using System.Runtime.ExceptionServices;
using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc.Streams;

/// <summary>The result of a call that is a stream, at the caller. Each enumeration is a call.</summary>
/// <param name="begin">Begins a call.</param>
/// <param name="channel">The way to the server.</param>
/// <param name="read">Unmarshals an item.</param>
/// <param name="token">The token that the call was given.</param>
internal sealed class RpcStream<T>(
    Func<CancellationToken, ClientCall> begin, RpcChannel channel, RpcRead<T> read, CancellationToken token) : IAsyncEnumerable<T>
{
    /// <inheritdoc/>
    public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        if (!token.CanBeCanceled || !cancellationToken.CanBeCanceled || token == cancellationToken)
        {
            return new Enumerator(begin, channel, read, null, token.CanBeCanceled ? token : cancellationToken);
        }

        var either = CancellationTokenSource.CreateLinkedTokenSource(token, cancellationToken);
        return new Enumerator(begin, channel, read, either, either.Token);
    }

    /// <summary>One call. While the body of the loop works on a batch, the next is under way.</summary>
    /// <remarks>Owns the call, the batch and the request for the next. One thread at a time, as any enumerator.</remarks>
    private sealed class Enumerator(
        Func<CancellationToken, ClientCall> begin,
        RpcChannel channel,
        RpcRead<T> read,
        CancellationTokenSource? either,
        CancellationToken cancellationToken) : IAsyncEnumerator<T>
    {
        private ClientCall? _call;
        private byte[] _pull = [];
        private Task<Batch>? _next;
        private Batch _batch;
        private bool _hasEnded;

        /// <inheritdoc/>
        public T Current { get; private set; } = default!;

        /// <inheritdoc/>
        public ValueTask<bool> MoveNextAsync()
        {
            try
            {
                if (_batch.TryRead(read, out T item))
                {
                    Current = item;
                    return new ValueTask<bool>(true);
                }
            }
            catch (RpcFormatException wrong)
            {
                _hasEnded = true;
                return ValueTask.FromException<bool>(wrong.From(channel.Server));
            }

            return _hasEnded ? new ValueTask<bool>(false) : MoveOnAsync();
        }

        /// <summary>Ends the call, and stops the producer at the server.</summary>
        public async ValueTask DisposeAsync()
        {
            _hasEnded = true;
            _batch = default;
            if (_call is { } call)
            {
                await call.DisposeAsync().ConfigureAwait(false);
            }

            if (_next is { } next)
            {
                await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            either?.Dispose();
        }

        private async ValueTask<bool> MoveOnAsync()
        {
            try
            {
                if (_call is null)
                {
                    _call = begin(cancellationToken);
                    _pull = Frames.Pull(_call.Id, RpcLimits.BatchBytes);
                    _next = PullAsync(_call);
                }

                while (!_batch.IsLast)
                {
                    _batch = await _next!.ConfigureAwait(false);
                    _next = _batch.IsLast ? null : PullAsync(_call);
                    if (_batch.TryRead(read, out T item))
                    {
                        Current = item;
                        return true;
                    }
                }

                _hasEnded = true;
                using Message reply = await _call.FinishAsync().ConfigureAwait(false);
                channel.ReadEnd(reply);
                return false;
            }
            catch (Exception exception)
            {
                _hasEnded = true;
                _batch = default;
                Exception seen = exception is RpcFormatException wrong ? wrong.From(channel.Server) : exception;
                if (_call is null)
                {
                    throw;
                }

                ExceptionDispatchInfo.Throw(await _call.FailAsync(seen).ConfigureAwait(false));
                throw;
            }
        }

        // Copied as soon as it arrives: a slow consumer holds no memory of the transport.
        private async Task<Batch> PullAsync(ClientCall call)
        {
            using Message reply = await call.RequestAsync(_pull).ConfigureAwait(false);
            return channel.Read(reply, Batch.Copy);
        }
    }
}
