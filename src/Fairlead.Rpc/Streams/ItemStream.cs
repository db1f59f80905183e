namespace Fairlead.Rpc.Streams;

/// <summary>The items of a stream of bytes, as a <see cref="Stream"/> that can be read once from its beginning to its end.</summary>
/// <remarks>
/// Owns the enumerator, which it disposes at the end of the items, after an exception, or when it is disposed itself. A step that a
/// cancelled read has begun goes on, and the next read takes its item. One reader at a time; any thread may dispose it.
/// </remarks>
internal sealed class ItemStream : Stream
{
    private readonly IAsyncEnumerator<byte[]> _items;
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _lock = new();
    private ReadOnlyMemory<byte> _rest;
    private Task<bool>? _step;
    private bool _hasEnded;
    private volatile bool _isDisposed;

    /// <param name="items">The items. They are asked for with the first read.</param>
    public ItemStream(IAsyncEnumerable<byte[]> items) => _items = items.GetAsyncEnumerator(_end.Token);

    /// <inheritdoc/>
    public override bool CanRead => !_isDisposed;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw NoLength();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw NoLength();
        set => throw NoLength();
    }

    /// <summary>Begins to ask for the items, and waits until the other side has the stream.</summary>
    /// <exception cref="Exception">The one with which the call has ended.</exception>
    public static async ValueTask<Stream> OpenAsync(IAsyncEnumerable<byte[]> items)
    {
        ItemStream stream = new(items);
        try
        {
            _ = await stream.MoveAsync(CancellationToken.None).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        while (_rest.IsEmpty && buffer.Length > 0)
        {
            if (_hasEnded || !await MoveAsync(cancellationToken).ConfigureAwait(false))
            {
                return 0;
            }
        }

        int count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return count;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        byte[] copy = new byte[Math.Min(buffer.Length, RpcLimits.BatchBytes)];
        int count = Read(copy, 0, copy.Length);
        copy.AsSpan(0, count).CopyTo(buffer);
        return count;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw NoLength();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw ReadOnly();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw ReadOnly();

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await EndAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            EndAsync().AsTask().GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }

    private static NotSupportedException NoLength() => new(
        "A stream of a remote procedure call has no length and no position: its bytes arrive while you read. Copy it to a MemoryStream, or "
            + "pass byte[] instead.");

    private static NotSupportedException ReadOnly() => new(
        "A stream of a remote procedure call can only be read. To send bytes in the other direction, pass a Stream as a parameter.");

    // Takes the next item. After the last one, and after an exception, the call has ended.
    private async ValueTask<bool> MoveAsync(CancellationToken cancellationToken)
    {
        Task<bool> step;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            step = _step ??= _items.MoveNextAsync().AsTask();
        }

        try
        {
            _hasEnded = !await step.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && !step.IsCanceled && !step.IsFaulted)
        {
            // Only this read has ended.
            throw;
        }
        catch
        {
            // Further reads fail as this one: they see the same step.
            await _items.DisposeAsync().ConfigureAwait(false);
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            throw;
        }

        if (_hasEnded)
        {
            await _items.DisposeAsync().ConfigureAwait(false);
            return false;
        }

        _rest = _items.Current;
        _step = null;
        return true;
    }

    // The enumerator must not be disposed during a step, which its token ends.
    private async ValueTask EndAsync()
    {
        Task<bool>? step;
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            step = _step;
        }

        await _end.CancelAsync().ConfigureAwait(false);
        if (step is not null)
        {
            await ((Task)step).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _items.DisposeAsync().ConfigureAwait(false);
        _end.Dispose();
    }
}
