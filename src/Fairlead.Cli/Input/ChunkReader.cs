namespace Fairlead.Cli.Input;

/// <summary>Reads stdin as it comes, for a framing without messages.</summary>
internal sealed class ChunkReader
{
    private readonly StandardInput _input = new();
    private readonly byte[] _buffer = new byte[64 * 1024];

    /// <summary>Returns available bytes, valid until the next call; null at the end.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        var count = await _input.ReadAsync(_buffer, cancellationToken);
        return count == 0 ? default(ReadOnlyMemory<byte>?) : _buffer.AsMemory(0, count);
    }
}
