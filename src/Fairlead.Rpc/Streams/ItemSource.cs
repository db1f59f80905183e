using System.Buffers;

namespace Fairlead.Rpc.Streams;

/// <summary>Turns the items of an enumerator into batches: as many items as are there, and at least one.</summary>
internal interface IItemSource : IAsyncDisposable
{
    /// <summary>Whether the last batch has been made.</summary>
    bool HasEnded { get; }

    /// <summary>Makes the next batch. Waits for its first item only.</summary>
    /// <param name="head">The bytes before the batch.</param>
    /// <param name="most">How many bytes of items to take at most. A single item may be longer.</param>
    /// <returns>The frame, which is valid until the next call.</returns>
    /// <exception cref="Exception">That of the enumerator, after the items before it.</exception>
    ValueTask<ReadOnlyMemory<byte>> TakeAsync(ReadOnlyMemory<byte> head, int most);
}

/// <inheritdoc/>
/// <remarks>
/// Owns the enumerator, its unfinished step, and the buffer of the frame. The producer runs when a batch is wanted: a consumer that does
/// not read stops it. One call at a time.
/// </remarks>
/// <param name="items">The items; disposed with this.</param>
/// <param name="write">Marshals an item.</param>
/// <param name="context">The context in which the producer runs; null: the one of the request for a batch.</param>
internal sealed class ItemSource<T>(IAsyncEnumerator<T> items, RpcWrite<T> write, ExecutionContext? context = null) : IItemSource
{
    private byte[]? _buffer;

    // The result of a step in the context.
    private ValueTask<bool> _moved;
    private ValueTask<bool>? _step;

    /// <inheritdoc/>
    public bool HasEnded { get; private set; }

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> TakeAsync(ReadOnlyMemory<byte> head, int most)
    {
        ValueTask<bool> step = _step ?? Move();
        _step = null;
        bool hasItem = await step.ConfigureAwait(false);
        return Fill(head.Span, hasItem, Math.Clamp(most, 1, RpcLimits.BatchBytes));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        byte[]? buffer = _buffer;
        _buffer = null;
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (_step is { } step)
        {
            // An enumerator must not be disposed during a step, and the reader of its exception has gone.
            _step = null;
            await ((Task)step.AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await items.DisposeAsync().ConfigureAwait(false);
    }

    private ValueTask<bool> Move()
    {
        if (context is null)
        {
            return items.MoveNextAsync();
        }

        ExecutionContext.Run(context, static source => ((ItemSource<T>)source!).MoveHere(), this);
        ValueTask<bool> moved = _moved;
        _moved = default;
        return moved;
    }

    private void MoveHere()
    {
        ValueTask<bool> moved = items.MoveNextAsync();
        _moved = moved;
    }

    private ReadOnlyMemory<byte> Fill(ReadOnlySpan<byte> head, bool hasItem, int most)
    {
        byte[] buffer = _buffer ??= ArrayPool<byte>.Shared.Rent(RpcLimits.BatchBytes + 4096);
        RpcWriter frame = new(buffer);
        try
        {
            frame.WriteRaw(head);
            int header = frame.Written.Length;
            frame.WriteRaw(stackalloc byte[Batch.Header]);
            int start = frame.Written.Length;
            int count = 0;
            while (hasItem)
            {
                write(ref frame, items.Current);
                count++;
                if (count == RpcLimits.BatchItems || frame.Written.Length - start >= most)
                {
                    break;
                }

                ValueTask<bool> step = Move();
                if (!step.IsCompletedSuccessfully)
                {
                    // Also one that has failed: the next batch throws, after these items.
                    _step = step;
                    break;
                }

                hasItem = step.Result;
            }

            HasEnded = !hasItem;
            Batch.WriteHeader(frame.At(header, Batch.Header), HasEnded, count);
            return frame.HasGrown ? frame.Written.ToArray() : buffer.AsMemory(0, frame.Written.Length);
        }
        finally
        {
            frame.Dispose();
        }
    }
}
