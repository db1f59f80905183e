using System.Threading.Tasks.Sources;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Waiting;

namespace Fairlead.Transports.Tls;

/// <summary>The encrypted side of a TLS channel: the socket, as the stream under <c>SslStream</c>.</summary>
/// <remarks>
/// <para>During the TLS handshake, one task reads and writes, and waits on the reactor. After <see cref="BeginPumping"/> nothing waits
/// here. A read that finds no bytes stays incomplete until <see cref="Resume"/> finds some, and completes on the thread that called that.
/// A write only adds to the output, which <see cref="FlushOutput"/> hands to the kernel. <c>SslStream</c> therefore needs no tasks and
/// no events.</para>
/// <para>Reading and writing are used by one thread each, as in <see cref="ByteChannel"/>. The output has a lock, because reading may
/// answer, too.</para>
/// </remarks>
/// <param name="socket">The socket. The channel owns it.</param>
internal sealed class RecordStream(Descriptor socket) : Stream, IValueTaskSource<int>
{
    private readonly RankedLock _gate = new(LockRank.TlsRecords);
    private ManualResetValueTaskSourceCore<int> _source;
    private Memory<byte> _room;
    private byte[]? _output;
    private int _start;
    private int _end;
    private bool _hasBegun;
    private bool _isPumped;
    private bool _isPending;
    private bool _isDry;

    /// <summary>Whether the socket has ended: the peer has closed it, or it failed.</summary>
    /// <remarks>Seen by a read, and during the handshake by a write.</remarks>
    public bool HasEnded { get; private set; }

    /// <summary>Whether the peer's first byte is none of TLS.</summary>
    public bool HasForeignStart { get; private set; }

    /// <summary>The error of the socket; <see cref="Errno.None"/> if it has ended in order, or not at all.</summary>
    public Errno Error { get; private set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Ends the handshake's way of waiting. Called once, when no read or write is in progress.</summary>
    public void BeginPumping() => _isPumped = true;

    /// <summary>Looks at the socket again, and completes the read that waits, on this thread, if there are bytes or the end.</summary>
    public void Resume()
    {
        _isDry = false;
        if (!_isPending)
        {
            return;
        }

        IoResult result = _room.IsEmpty ? IoResult.Done(0) : Receive(_room.Span);
        if (result.WouldBlock)
        {
            return;
        }

        _isPending = false;
        _room = default;
        if (result.Ok)
        {
            _source.SetResult(result.Count);
        }
        else
        {
            _source.SetException(Failure(result.Error));
        }
    }

    /// <summary>Ends the read that waits, because the channel is disposed.</summary>
    public void Cancel()
    {
        if (_isPending)
        {
            _isPending = false;
            _room = default;
            _source.SetException(new ObjectDisposedException(nameof(RecordStream)));
        }
    }

    /// <summary>Hands the output to the kernel: everything, or as much as it takes.</summary>
    /// <returns>Success when nothing is left.</returns>
    public IoResult FlushOutput()
    {
        using (_gate.Hold())
        {
            while (_start < _end)
            {
                IoResult result = socket.Write(_output.AsSpan(_start, _end - _start));
                if (!result.Ok)
                {
                    return result;
                }

                _start += result.Count;
            }

            FreeOutput();
            return IoResult.Done(0);
        }
    }

    /// <summary>Returns what <see cref="FlushOutput"/> has not handed over, as a copy.</summary>
    public byte[] CopyOutput()
    {
        using (_gate.Hold())
        {
            return _output is null ? [] : _output[_start.._end];
        }
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_isPumped)
        {
            return ReadWaitingAsync(buffer, cancellationToken);
        }

        if (!_isDry && buffer.IsEmpty)
        {
            // Only a read shows whether there are bytes.
            return new ValueTask<int>(0);
        }

        IoResult result = _isDry ? IoResult.Failed(Errno.EAGAIN) : Receive(buffer.Span);
        if (!result.WouldBlock)
        {
            return result.Ok ? new ValueTask<int>(result.Count) : ValueTask.FromException<int>(Failure(result.Error));
        }

        _source.Reset();
        _room = buffer;
        _isPending = true;
        return new ValueTask<int>(this, _source.Version);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <remarks>Reached only if <c>SslStream</c> asks for bytes although it has reported data.</remarks>
    public override int Read(Span<byte> buffer)
    {
        IoResult result = Receive(buffer);
        return result.Ok ? result.Count : throw Failure(result.Error);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        using (_gate.Hold())
        {
            MakeRoom(buffer.Length);
            buffer.CopyTo(_output.AsSpan(_end));
            _end += buffer.Length;
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        while (!_isPumped)
        {
            IoResult result = FlushOutput();
            if (result.Ok)
            {
                return;
            }

            if (!result.WouldBlock)
            {
                End(result.Error);
                throw Failure(result.Error);
            }

            await ReactorWait.UntilAsync(socket, PollEvents.Write, cancellationToken).ConfigureAwait(false);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    int IValueTaskSource<int>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    protected override void Dispose(bool disposing)
    {
        using (_gate.Hold())
        {
            FreeOutput();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> ReadWaitingAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            IoResult result = buffer.IsEmpty ? IoResult.Done(0) : Receive(buffer.Span);
            if (!result.WouldBlock)
            {
                return result.Ok ? result.Count : throw Failure(result.Error);
            }

            await ReactorWait.UntilAsync(socket, PollEvents.Read, cancellationToken).ConfigureAwait(false);
        }
    }

    private IoResult Receive(Span<byte> room)
    {
        IoResult result = socket.Read(room);
        _isDry = result.WouldBlock || (result.Ok && result.Count < room.Length);
        if (result.IsEnd || (!result.Ok && !result.WouldBlock))
        {
            End(result.Error);
        }

        if (result.Count > 0 && !_hasBegun)
        {
            // The types of records: change of cipher, alert, handshake.
            _hasBegun = true;
            HasForeignStart = room[0] is < 0x14 or > 0x16;
        }

        return result;
    }

    private void End(Errno error)
    {
        HasEnded = true;
        Error = error;
    }

    private void MakeRoom(int size)
    {
        if (_output is null)
        {
            _output = LargeBuffers.Shared.Rent(size);
        }
        else if (_output.Length - _end < size)
        {
            int length = _end - _start;
            byte[] larger = LargeBuffers.Shared.Rent(Math.Max(2 * length, length + size));
            _output.AsSpan(_start, length).CopyTo(larger);
            LargeBuffers.Shared.Return(_output);
            _output = larger;
            _start = 0;
            _end = length;
        }
    }

    private void FreeOutput()
    {
        if (_output is not null)
        {
            LargeBuffers.Shared.Return(_output);
            _output = null;
        }

        _start = _end = 0;
    }

    private static IOException Failure(Errno error) => new(ErrnoMap.Describe(error), (int)error);
}
