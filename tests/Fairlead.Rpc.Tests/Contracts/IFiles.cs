namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>Streams of bytes, as parameters and as results.</summary>
[RpcContract]
public interface IFiles
{
    ValueTask<Stream> OpenAsync(int length, CancellationToken cancellationToken = default);

    Task<Stream> OpenSoonAsync(int length, CancellationToken cancellationToken = default);

    Stream Open(int length, CancellationToken cancellationToken = default);

    /// <summary>Returns the bytes that it has read.</summary>
    ValueTask<byte[]> StoreAsync(string name, Stream content, CancellationToken cancellationToken = default);

    /// <summary>Reads some bytes, and closes the stream.</summary>
    Task TakeAsync(Stream content, int bytes, CancellationToken cancellationToken = default);

    /// <summary>Returns a stream of what the caller sends.</summary>
    ValueTask<Stream> EchoAsync(Stream content, IAsyncEnumerable<int> others, CancellationToken cancellationToken = default);

    ValueTask<Stream> RefuseAsync(CancellationToken cancellationToken = default);

    ValueTask<Stream> NothingAsync(CancellationToken cancellationToken = default);
}

/// <param name="make">Makes the streams of the results by their length.</param>
internal sealed class Files(Func<int, Stream> make) : IFiles
{
    public ValueTask<Stream> OpenAsync(int length, CancellationToken cancellationToken) => new(make(length));

    public async Task<Stream> OpenSoonAsync(int length, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return make(length);
    }

    public Stream Open(int length, CancellationToken cancellationToken) => make(length);

    public async ValueTask<byte[]> StoreAsync(string name, Stream content, CancellationToken cancellationToken)
    {
        using MemoryStream stored = new();
        await content.CopyToAsync(stored, cancellationToken);
        return stored.ToArray();
    }

    public async Task TakeAsync(Stream content, int bytes, CancellationToken cancellationToken)
    {
        await using (content)
        {
            await content.ReadExactlyAsync(new byte[bytes], cancellationToken);
        }
    }

    public ValueTask<Stream> EchoAsync(Stream content, IAsyncEnumerable<int> others, CancellationToken cancellationToken) => new(content);

    public ValueTask<Stream> RefuseAsync(CancellationToken cancellationToken) => throw new RpcException(5, "no such file");

    public ValueTask<Stream> NothingAsync(CancellationToken cancellationToken) => new((Stream)null!);
}

/// <summary>The bytes of a pattern, as far as the gate is open.</summary>
internal sealed class PatternStream(long length, int mostOfRead = int.MaxValue) : Stream
{
    private long _position;
    private int _isDisposed;

    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The position from which on reads wait for the gate.</summary>
    public long GateAt { get; init; } = long.MaxValue;

    /// <summary>Ends the gate instead of opening it.</summary>
    public Exception? Failure { get; init; }

    public TaskCompletionSource Disposed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Waiting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long Produced => Volatile.Read(ref _position);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public static byte[] Bytes(int length) => [.. Enumerable.Range(0, length).Select(static i => (byte)(i * 7 % 251))];

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        if (_position >= GateAt)
        {
            Waiting.TrySetResult();
            await Gate.Task.WaitAsync(cancellationToken);
            if (Failure is not null)
            {
                throw Failure;
            }
        }

        int count = (int)Math.Min(Math.Min(buffer.Length, mostOfRead), Math.Min(length, GateAt > _position ? GateAt : length) - _position);
        for (int i = 0; i < count; i++)
        {
            buffer.Span[i] = (byte)((_position + i) * 7 % 251);
        }

        Volatile.Write(ref _position, _position + count);
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        Volatile.Write(ref _isDisposed, 1);
        Disposed.TrySetResult();
        base.Dispose(disposing);
    }
}
