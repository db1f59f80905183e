using Fairlead.Native.Waiting;

namespace Fairlead.Native.Files;

/// <summary>
/// A pipe or socket as a <see cref="Stream"/>. Synchronous calls block in the kernel; asynchronous ones wait on the reactor, and their
/// token cancels them.
/// </summary>
/// <remarks>
/// One reader or one writer at a time. Written data is in the kernel when the call returns: there is nothing to flush.
/// </remarks>
internal sealed class DescriptorStream(Descriptor descriptor, bool canWrite) : Stream, IReactorClient
{
    private readonly RankedLock _gate = new(LockRank.DescriptorStream);
    private Registration? _registration;
    private TaskCompletionSource? _waiter;
    private bool _isDisposed;

    public override bool CanRead => !canWrite && !_isDisposed;

    public override bool CanWrite => canWrite && !_isDisposed;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int count;
        while ((count = TryRead(buffer)) < 0)
        {
            BlockingWait.Wait(descriptor, PollEvents.Read, Timeout.InfiniteTimeSpan);
        }

        return count;
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        int count;
        while ((count = TryRead(buffer.Span)) < 0)
        {
            await WaitAsync(PollEvents.Read, cancellationToken).ConfigureAwait(false);
        }

        return count;
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            int count = TryWrite(buffer);
            if (count == 0)
            {
                BlockingWait.Wait(descriptor, PollEvents.Write, Timeout.InfiniteTimeSpan);
            }

            buffer = buffer[count..];
        }
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (!buffer.IsEmpty)
        {
            int count = TryWrite(buffer.Span);
            if (count == 0)
            {
                await WaitAsync(PollEvents.Write, cancellationToken).ConfigureAwait(false);
            }

            buffer = buffer[count..];
        }
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    void IReactorClient.OnReady(PollEvents events)
    {
        using (_gate.Hold())
        {
            _waiter?.TrySetResult();
        }
    }

    protected override void Dispose(bool disposing)
    {
        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            _registration?.Dispose();
            _waiter?.TrySetException(new ObjectDisposedException(nameof(Stream)));
        }

        descriptor.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Returns -1 if no data has arrived yet, and 0 at the end.</summary>
    private int TryRead(Span<byte> buffer)
    {
        if (canWrite)
        {
            throw new NotSupportedException("This end of the pipe is for writing.");
        }

        IoResult result = descriptor.Read(buffer);
        return result.Ok ? result.Count : result.WouldBlock ? -1 : throw Failure("read", result.Error);
    }

    /// <summary>Returns 0 if the pipe is full.</summary>
    private int TryWrite(ReadOnlySpan<byte> buffer)
    {
        if (!canWrite)
        {
            throw new NotSupportedException("This end of the pipe is for reading.");
        }

        IoResult result = descriptor.Write(buffer);
        return result.Ok ? result.Count : result.WouldBlock ? 0 : throw Failure("written", result.Error);
    }

    private Exception Failure(string what, Errno error) =>
        _isDisposed
            ? new ObjectDisposedException(nameof(Stream))
            : new IOException($"The pipe cannot be {what} ({ErrnoMap.Describe(error)}).", (int)error);

    private async ValueTask WaitAsync(PollEvents events, CancellationToken cancellationToken)
    {
        TaskCompletionSource waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using (_gate.Hold())
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _waiter = waiter;
            _registration ??= Reactor.Shared.Register(descriptor, this);
            _registration.Arm(events);
        }

        using CancellationTokenRegistration cancellation = cancellationToken.UnsafeRegister(
            static (state, t) => ((TaskCompletionSource)state!).TrySetCanceled(t), waiter);
        await waiter.Task.ConfigureAwait(false);
    }
}
