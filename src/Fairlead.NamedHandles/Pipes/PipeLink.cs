using System.IO.Pipes;
using Fairlead.Native;
using Fairlead.Native.Sockets;
using Fairlead.Native.Waiting;

namespace Fairlead.NamedHandles.Pipes;

/// <summary>A connected socket of a pipe: reading and writing, synchronous and asynchronous, of any number of threads.</summary>
/// <remarks>Owned by the stream, which disposes it; that wakes all waiting calls.</remarks>
internal abstract class PipeLink : IDisposable
{
    // The waiter is told of each block of memory that the peer frees, and not only of the first one.
    private const PollEvents EdgeTriggered = (PollEvents)(1u << 31);

    // The kernel holds a byte of the last block until it has called the waiter.
    private const int FreedAll = 1;

    private readonly SemaphoreSlim _reading = new(1, 1);
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly SocketWaits _waits;
    private volatile bool _isDisposed;
    private volatile bool _wasReset;

    protected PipeLink(Descriptor socket)
    {
        Socket = socket;
        _waits = new(socket);
        Peer = NativeSocket.Credentials(socket);
    }

    /// <summary>The process at the other end when the pipe was connected; null if the kernel does not know it.</summary>
    public PeerCredentials? Peer { get; }

    /// <summary>The socket. Belongs to this object.</summary>
    public Descriptor Socket { get; }

    /// <summary>Whether the other end was found to be gone.</summary>
    public bool IsBroken { get; protected set; }

    /// <summary>Whether the socket keeps the limits of messages.</summary>
    public abstract PipeTransmissionMode Mode { get; }

    /// <summary>Whether the last read returned the end of a message.</summary>
    public abstract bool IsMessageComplete { get; }

    /// <summary>Wraps a connected socket. Takes ownership of it.</summary>
    public static PipeLink Of(Descriptor socket, PipeTransmissionMode mode, int outBufferSize = 0)
    {
        if (outBufferSize > 0)
        {
            NativeSocket.SetBuffers(socket, outBufferSize, null);
        }

        return mode == PipeTransmissionMode.Message ? new MessageLink(socket, outBufferSize) : new ByteLink(socket);
    }

    /// <summary>Reads, and blocks until there is something. Returns 0 at the end, and for a message without content.</summary>
    /// <param name="buffer">Receives the data; not empty.</param>
    /// <param name="byMessages">Whether a message without content is returned, and not skipped.</param>
    public int Read(Span<byte> buffer, bool byMessages)
    {
        _reading.Wait();
        try
        {
            int count;
            while ((count = TryRead(buffer, byMessages)) < 0)
            {
                Block(PollEvents.Read);
            }

            return count;
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>Reads without blocking the thread; otherwise like <see cref="Read"/>.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, bool byMessages, CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            int count;
            while ((count = TryRead(buffer.Span, byMessages)) < 0)
            {
                await _waits.UntilAsync(PollEvents.Read, cancellationToken).ConfigureAwait(false);
            }

            return count;
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>Writes everything, and blocks while the kernel has no room.</summary>
    public void Write(ReadOnlySpan<byte> data)
    {
        _writing.Wait();
        try
        {
            int written = 0;
            while (!TryWrite(data, ref written))
            {
                Block(PollEvents.Write);
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Writes everything without blocking the thread.</summary>
    /// <exception cref="OperationCanceledException">
    /// The token was cancelled. In message mode the reader gets an error instead of the message, if it has got a part of it.
    /// </exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        int written = 0;
        try
        {
            while (!TryWrite(data.Span, ref written))
            {
                await _waits.UntilAsync(PollEvents.Write, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (written > 0)
        {
            CutMessage();
            throw;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Blocks until the other end has read everything from the kernel.</summary>
    /// <exception cref="IOException">The other end closed the pipe before.</exception>
    public void Drain()
    {
        if (NativeSocket.Unread(Socket) > FreedAll)
        {
            WaitUntilFreed();
        }

        ThrowIfClosed();

        // The kernel also frees data that was never read. It reports that once, here or to a read.
        if (_wasReset || NativeSocket.TakeError(Socket) == Errno.ECONNRESET)
        {
            _wasReset = true;
            throw Break(Errno.ECONNRESET);
        }
    }

    /// <summary>Closes the pipe, and ends all calls that wait. What was written can still be read at the other end.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        Socket.ShutdownSocket(ShutdownHow.Both);
        _waits.Dispose();
        Socket.Dispose();
    }

    /// <summary>Reads once; -1 if there is nothing yet. Within the right to read.</summary>
    protected abstract int TryRead(Span<byte> buffer, bool byMessages);

    /// <summary>Writes as much as fits; true if everything has been written. Within the right to write.</summary>
    protected abstract bool TryWrite(ReadOnlySpan<byte> data, ref int written);

    /// <summary>Notes that the message is not going to be complete.</summary>
    protected virtual void CutMessage()
    {
    }

    /// <summary>Returns whether an error of a read means to try again: a reset is reported before the data that had arrived.</summary>
    protected bool IsReset(Errno error)
    {
        if (error != Errno.ECONNRESET || _wasReset)
        {
            return false;
        }

        _wasReset = true;
        return true;
    }

    /// <summary>Notes that the pipe is broken, and returns the exception.</summary>
    protected Exception Break(Errno error)
    {
        IsBroken = true;
        return _isDisposed ? PipeErrors.Closed() : PipeErrors.Broken(error);
    }

    /// <summary>Throws if this end has been closed, which looks like the end of the other one.</summary>
    protected void ThrowIfClosed()
    {
        if (_isDisposed)
        {
            throw PipeErrors.Closed();
        }
    }

    private void WaitUntilFreed()
    {
        using PollSet set = new();
        set.Add(Socket, 0, PollEvents.Write | EdgeTriggered);
        Span<PollEvent> events = stackalloc PollEvent[1];
        while (NativeSocket.Unread(Socket) > FreedAll)
        {
            _ = set.Wait(events, Timeout.InfiniteTimeSpan);
            ThrowIfClosed();
        }
    }

    private void Block(PollEvents events)
    {
        try
        {
            _ = BlockingWait.Wait(Socket, events, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            throw PipeErrors.Closed();
        }
    }
}
