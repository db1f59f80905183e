using System.IO.Pipes;
using Fairlead.NamedHandles.Pipes;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.NamedHandles;

/// <summary>One end of a named pipe, with the members of the platform's type and the behaviour that it documents for Windows.</summary>
/// <remarks>
/// It is a <see cref="System.IO.Pipes.PipeStream"/>, so code that takes one accepts it. The platform's <c>IsMessageComplete</c>,
/// <c>IsConnected</c>, <c>IsAsync</c>, <c>SafePipeHandle</c> and <c>WaitForPipeDrain</c> cannot be overridden: a variable of the platform's
/// type has the platform's, whose <c>IsMessageComplete</c> and <c>SafePipeHandle</c> throw <see cref="InvalidOperationException"/>.
/// All members may be called from several threads; one read and one write at a time make progress.
/// </remarks>
public abstract class PipeStream : System.IO.Pipes.PipeStream
{
    private readonly RankedLock _gate = new(LockRank.PipeStream);
    private readonly PipeTransmissionMode _mode;
    private PipeTransmissionMode _readMode;
    private volatile PipeState _state;
    private volatile PipeLink? _link;

    // A copy of the socket for code that calls the system itself.
    private SafePipeHandle? _handle;

    /// <summary>Creates a stream that is not connected.</summary>
    private protected PipeStream(PipeDirection direction, PipeTransmissionMode mode, bool isAsync, int outBufferSize)
        : base(direction, outBufferSize)
    {
        Platform.Require();
        _mode = mode;
        _readMode = mode;
        IsAsync = isAsync;
        OutSize = outBufferSize;
    }

    /// <summary>Closes a stream that was not disposed: its registrations with the kernel would keep it open.</summary>
    ~PipeStream() => Finishing.Do("a pipe", static stream => stream.Dispose(disposing: false), this);

    /// <summary>Whether the stream was created with <see cref="PipeOptions.Asynchronous"/>.</summary>
    /// <remarks>Synchronous and asynchronous calls work in either case.</remarks>
    public new bool IsAsync { get; }

    /// <summary>Whether the pipe is connected, as far as the last read or write has shown.</summary>
    public new bool IsConnected => State == PipeState.Connected;

    /// <summary>Whether <see cref="SafePipeHandle"/> has been read.</summary>
    public new bool IsHandleExposed => _handle is not null;

    /// <summary>Whether the last read returned the end of a message.</summary>
    /// <exception cref="InvalidOperationException">
    /// The pipe is not connected, or <see cref="ReadMode"/> is not <see cref="PipeTransmissionMode.Message"/>.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The pipe is closed.</exception>
    public new bool IsMessageComplete
    {
        get
        {
            PipeLink link = Link;
            return ReadMode == PipeTransmissionMode.Message
                ? link.IsMessageComplete
                : throw new InvalidOperationException("The read mode is not message: set ReadMode to PipeTransmissionMode.Message.");
        }
    }

    /// <summary>A copy of the socket's descriptor, for system calls. What is read through it is missing here.</summary>
    /// <exception cref="InvalidOperationException">The pipe is not connected.</exception>
    /// <exception cref="ObjectDisposedException">The pipe is closed.</exception>
    public new SafePipeHandle SafePipeHandle
    {
        get
        {
            using (_gate.Hold())
            {
                PipeLink link = Link;
                if (_handle is { } handle)
                {
                    return handle;
                }

                // The socket stays with the link.
                Descriptor copy = link.Socket.TryEnter() ? Duplicated(link.Socket) : throw PipeErrors.Closed();
                return _handle = new(copy.Release(), ownsHandle: true);
            }
        }
    }

    /// <summary>Whether the pipe keeps the limits of messages: what its server was created with.</summary>
    /// <exception cref="InvalidOperationException">A client is not connected.</exception>
    /// <exception cref="ObjectDisposedException">The pipe is closed.</exception>
    public override PipeTransmissionMode TransmissionMode
    {
        get
        {
            CheckProperties();
            return _link?.Mode ?? _mode;
        }
    }

    /// <summary>Whether reads return messages or bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is neither.</exception>
    /// <exception cref="NotSupportedException">The pipe is one of bytes, and cannot be read by messages.</exception>
    /// <exception cref="InvalidOperationException">A client is not connected.</exception>
    /// <exception cref="IOException">The pipe is broken.</exception>
    /// <exception cref="ObjectDisposedException">The pipe is closed.</exception>
    public override PipeTransmissionMode ReadMode
    {
        get
        {
            CheckProperties();
            return _readMode;
        }

        set
        {
            CheckProperties();
            PipeTerms.CheckMode(value, nameof(value));
            if (value == PipeTransmissionMode.Message && TransmissionMode == PipeTransmissionMode.Byte)
            {
                throw new NotSupportedException(
                    "The pipe cannot be read by messages, because its server was created with PipeTransmissionMode.Byte.");
            }

            _readMode = value;
        }
    }

    /// <summary>The size in bytes of the buffer for incoming data that the server was created with; 0 stands for the system's.</summary>
    /// <exception cref="NotSupportedException">The stream is not for reading.</exception>
    /// <exception cref="InvalidOperationException">A client is not connected.</exception>
    public override int InBufferSize
    {
        get
        {
            CheckProperties();
            return CanRead ? InSize : throw CannotRead();
        }
    }

    /// <summary>The size in bytes of the buffer for outgoing data that the server was created with; 0 stands for the system's.</summary>
    /// <exception cref="NotSupportedException">The stream is not for writing.</exception>
    /// <exception cref="InvalidOperationException">A client is not connected.</exception>
    public override int OutBufferSize
    {
        get
        {
            CheckProperties();
            return CanWrite ? OutSize : throw CannotWrite();
        }
    }

    private protected int InSize { get; set; }

    private protected int OutSize { get; set; }

    private protected PipeState State => _state == PipeState.Connected && _link is { IsBroken: true } ? PipeState.Broken : _state;

    /// <summary>The connection; throws if there is none.</summary>
    private protected PipeLink Link => State switch
    {
        PipeState.Waiting => throw PipeErrors.NotConnected(),
        PipeState.Disconnected => throw PipeErrors.Disconnected(),
        PipeState.Closed => throw PipeErrors.Closed(),
        _ => _link!,
    };

    /// <summary>Blocks until the other end has read everything that was written.</summary>
    /// <exception cref="NotSupportedException">The stream is not for writing.</exception>
    /// <exception cref="IOException">The other end closed the pipe before, or the pipe is broken.</exception>
    /// <exception cref="InvalidOperationException">The pipe is not connected.</exception>
    /// <exception cref="ObjectDisposedException">The pipe is closed.</exception>
    public new void WaitForPipeDrain() => ForWriting().Drain();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    /// <summary>Reads bytes, or a message or a part of one, and blocks until there is something.</summary>
    /// <param name="buffer">Receives them.</param>
    /// <returns>The number of bytes; 0 if the other end has closed the pipe, and for a message without content.</returns>
    /// <exception cref="IOException">
    /// The message is incomplete, because its writer cancelled it or died. Later reads return what follows.
    /// </exception>
    public override int Read(Span<byte> buffer)
    {
        PipeLink link = ForReading();
        return buffer.IsEmpty ? 0 : link.Read(buffer, _readMode == PipeTransmissionMode.Message);
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <summary>Reads like <see cref="Read(Span{byte})"/> without blocking the thread.</summary>
    /// <param name="buffer">Receives the bytes.</param>
    /// <param name="cancellationToken">Ends the wait. Nothing is lost.</param>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        PipeLink link = ForReading();
        return cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<int>(cancellationToken)
            : buffer.IsEmpty ? new(0)
            : link.ReadAsync(buffer, _readMode == PipeTransmissionMode.Message, cancellationToken);
    }

    /// <inheritdoc/>
    public override int ReadByte()
    {
        byte value = 0;
        return Read(new Span<byte>(ref value)) == 0 ? -1 : value;
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        Write(buffer.AsSpan(offset, count));
    }

    /// <summary>Writes bytes, or one message, and blocks while the system's buffer is full.</summary>
    /// <param name="buffer">The bytes; a message may have none.</param>
    /// <exception cref="IOException">The pipe is broken.</exception>
    public override void Write(ReadOnlySpan<byte> buffer) => ForWriting().Write(buffer);

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <summary>Writes like <see cref="Write(ReadOnlySpan{byte})"/> without blocking the thread.</summary>
    /// <param name="buffer">The bytes, which must not change until the task has ended.</param>
    /// <param name="cancellationToken">
    /// Ends the wait. A message of which nothing has been sent is not sent; the reader of a part of it gets an <see cref="IOException"/>.
    /// </param>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        PipeLink link = ForWriting();
        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled(cancellationToken)
            : link.WriteAsync(buffer, cancellationToken);
    }

    /// <inheritdoc/>
    public override void WriteByte(byte value) => Write(new ReadOnlySpan<byte>(in value));

    /// <inheritdoc/>
    public override IAsyncResult BeginRead(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
        TaskToAsyncResult.Begin(ReadAsync(buffer, offset, count, CancellationToken.None), callback, state);

    /// <inheritdoc/>
    public override int EndRead(IAsyncResult asyncResult) => TaskToAsyncResult.End<int>(asyncResult);

    /// <inheritdoc/>
    public override IAsyncResult BeginWrite(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
        TaskToAsyncResult.Begin(WriteAsync(buffer, offset, count, CancellationToken.None), callback, state);

    /// <inheritdoc/>
    public override void EndWrite(IAsyncResult asyncResult) => TaskToAsyncResult.End(asyncResult);

    /// <summary>Does nothing: what was written is in the kernel. See <see cref="WaitForPipeDrain"/>.</summary>
    public override void Flush() => _ = ForWriting();

    /// <inheritdoc cref="Flush"/>
    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        _ = ForWriting();
        return cancellationToken.IsCancellationRequested ? Task.FromCanceled(cancellationToken) : Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        using (_gate.Hold())
        {
            _state = PipeState.Closed;
            _link?.Dispose();
            _handle?.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Throws if the properties of the pipe cannot be read in this state.</summary>
    private protected virtual void CheckProperties()
    {
        if (State == PipeState.Closed)
        {
            throw PipeErrors.Closed();
        }
    }

    /// <summary>Begins to use a connection, and owns it from now on.</summary>
    private protected void Begin(PipeLink link)
    {
        using (_gate.Hold())
        {
            if (_state == PipeState.Closed)
            {
                link.Dispose();
                throw PipeErrors.Closed();
            }

            _link = link;
            _state = PipeState.Connected;
            base.IsConnected = true;
        }
    }

    /// <summary>Ends the connection.</summary>
    private protected void End()
    {
        using (_gate.Hold())
        {
            if (_state == PipeState.Closed)
            {
                throw PipeErrors.Closed();
            }

            _link?.Dispose();
            _link = null;
            _handle?.Dispose();
            _handle = null;
            _state = PipeState.Disconnected;
            base.IsConnected = false;
        }
    }

    /// <summary>The process at the other end.</summary>
    private protected int PeerProcess() => Link.Peer is { ProcessId: > 0 } peer
        ? peer.ProcessId
        : throw new InvalidOperationException("The kernel does not know the process at the other end: it is in another pid namespace.");

    private PipeLink ForReading() => _state == PipeState.Closed ? throw PipeErrors.Closed() : CanRead ? Link : throw CannotRead();

    private PipeLink ForWriting()
    {
        PipeLink link = _state == PipeState.Closed ? throw PipeErrors.Closed() : CanWrite ? Link : throw CannotWrite();
        return State == PipeState.Broken ? throw PipeErrors.Broken() : link;
    }

    private static NotSupportedException CannotRead() => new("The stream does not support reading.");

    private static NotSupportedException CannotWrite() => new("The stream does not support writing.");

    private static Descriptor Duplicated(Descriptor socket)
    {
        Descriptor? copy = NativeSpawn.Duplicate(socket.Number, lowest: 0, out Errno error);
        socket.Exit();
        return copy ?? throw ErrnoMap.Failure("cannot copy the descriptor of the pipe", error);
    }
}
