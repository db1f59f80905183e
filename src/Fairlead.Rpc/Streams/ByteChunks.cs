namespace Fairlead.Rpc.Streams;

/// <summary>The bytes of a <see cref="Stream"/> as items: as many bytes as a read returns, at most 64 KiB.</summary>
/// <param name="source">The bytes.</param>
/// <param name="isOwned">
/// Whether the stream is the result of a service: it is disposed at the end, and the first item, which is empty, says that it is there.
/// </param>
internal sealed class ByteChunks(Stream source, bool isOwned) : IAsyncEnumerable<ReadOnlyMemory<byte>>
{
    /// <summary>Marshals an item.</summary>
    public static void Write(ref RpcWriter writer, ReadOnlyMemory<byte> chunk) => writer.WriteBytes(chunk.Span);

    /// <inheritdoc/>
    public IAsyncEnumerator<ReadOnlyMemory<byte>> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        new Enumerator(source, isOwned, cancellationToken);

    /// <remarks>An item is valid until the next step. One thread at a time, as any enumerator.</remarks>
    private sealed class Enumerator(Stream source, bool isOwned, CancellationToken cancellationToken)
        : IAsyncEnumerator<ReadOnlyMemory<byte>>
    {
        private byte[] _buffer = [];
        private bool _isAnnounced = !isOwned;

        public ReadOnlyMemory<byte> Current { get; private set; }

        public ValueTask<bool> MoveNextAsync()
        {
            if (_isAnnounced)
            {
                return ReadAsync();
            }

            _isAnnounced = true;
            return new ValueTask<bool>(true);
        }

        public ValueTask DisposeAsync() => isOwned ? source.DisposeAsync() : default;

        private async ValueTask<bool> ReadAsync()
        {
            if (_buffer.Length == 0)
            {
                _buffer = new byte[RpcLimits.BatchBytes];
            }

            int count = await source.ReadAsync(_buffer, cancellationToken).ConfigureAwait(false);
            Current = _buffer.AsMemory(0, count);
            return count > 0;
        }
    }
}
