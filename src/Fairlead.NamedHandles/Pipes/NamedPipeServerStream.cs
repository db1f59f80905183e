using System.IO.Pipes;
using Fairlead.NamedHandles.Pipes;
using Fairlead.Native.Processes;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.NamedHandles;

/// <summary>The server's end of a named pipe: one instance of its name, with one client at a time.</summary>
/// <remarks>
/// Programs of one user share the names of pipes, which are compared without regard to case. Several processes may have instances of one
/// name. A client connects to any instance without a client, even before that one waits for it. A name that is an absolute path stands for
/// the socket at that path, to which clients of <c>System.IO.Pipes</c> on Linux connect; its pipe is one of bytes.
/// </remarks>
public sealed class NamedPipeServerStream : PipeStream
{
    /// <summary>As many instances as the system's resources allow.</summary>
    public const int MaxAllowedServerInstances = -1;

    private readonly IPipeEntrance? _entrance;
    private readonly SafePipeHandle? _foreign;

    /// <summary>Creates an instance for both directions, of a name that has no other one.</summary>
    /// <param name="pipeName">The name of the pipe, or the absolute path of a socket.</param>
    public NamedPipeServerStream(string pipeName)
        : this(pipeName, PipeDirection.InOut)
    {
    }

    /// <summary>Creates an instance of a name that has no other one.</summary>
    /// <param name="pipeName">The name of the pipe, or the absolute path of a socket.</param>
    /// <param name="direction">The direction in which data flows.</param>
    public NamedPipeServerStream(string pipeName, PipeDirection direction)
        : this(pipeName, direction, 1)
    {
    }

    /// <summary>Creates an instance for bytes.</summary>
    /// <param name="pipeName">The name of the pipe, or the absolute path of a socket.</param>
    /// <param name="direction">The direction in which data flows.</param>
    /// <param name="maxNumberOfServerInstances">
    /// The most instances of the name: from 1 to 254, or <see cref="MaxAllowedServerInstances"/>. The number of the first instance counts.
    /// </param>
    public NamedPipeServerStream(string pipeName, PipeDirection direction, int maxNumberOfServerInstances)
        : this(pipeName, direction, maxNumberOfServerInstances, PipeTransmissionMode.Byte)
    {
    }

    /// <summary>Creates an instance.</summary>
    /// <param name="pipeName">The name of the pipe, or the absolute path of a socket.</param>
    /// <param name="direction">The direction in which data flows.</param>
    /// <param name="maxNumberOfServerInstances">The most instances of the name.</param>
    /// <param name="transmissionMode">Whether the pipe keeps the limits of messages.</param>
    public NamedPipeServerStream(
        string pipeName, PipeDirection direction, int maxNumberOfServerInstances, PipeTransmissionMode transmissionMode)
        : this(pipeName, direction, maxNumberOfServerInstances, transmissionMode, PipeOptions.None)
    {
    }

    /// <summary>Creates an instance with options.</summary>
    /// <param name="pipeName">The name of the pipe, or the absolute path of a socket.</param>
    /// <param name="direction">The direction in which data flows.</param>
    /// <param name="maxNumberOfServerInstances">The most instances of the name.</param>
    /// <param name="transmissionMode">Whether the pipe keeps the limits of messages.</param>
    /// <param name="options">The options of the pipe.</param>
    public NamedPipeServerStream(
        string pipeName,
        PipeDirection direction,
        int maxNumberOfServerInstances,
        PipeTransmissionMode transmissionMode,
        PipeOptions options)
        : this(pipeName, direction, maxNumberOfServerInstances, transmissionMode, options, 0, 0)
    {
    }

    /// <summary>Creates an instance with options and buffer sizes.</summary>
    /// <param name="pipeName">The name of the pipe, or the absolute path of a socket.</param>
    /// <param name="direction">The direction in which data flows.</param>
    /// <param name="maxNumberOfServerInstances">The most instances of the name.</param>
    /// <param name="transmissionMode">Whether the pipe keeps the limits of messages.</param>
    /// <param name="options">
    /// The options of the pipe. Only processes of this user, and the superuser, reach it in any case; with
    /// <see cref="PipeOptions.CurrentUserOnly"/>, the superuser does not.
    /// </param>
    /// <param name="inBufferSize">The size in bytes of the buffer for data to the server; 0 for the system's default.</param>
    /// <param name="outBufferSize">The size in bytes of the buffer for data to the client; 0 for the system's default.</param>
    /// <exception cref="ArgumentException">The name is empty, or too long.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range, or the name is "anonymous".</exception>
    /// <exception cref="NotSupportedException">The name is a path, and the mode is that of messages.</exception>
    /// <exception cref="IOException">The name has all instances that its first one allows, or the socket cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">
    /// The instances of the name have another direction or mode, or <see cref="PipeOptions.FirstPipeInstance"/> is set and there is one.
    /// </exception>
    public NamedPipeServerStream(
        string pipeName,
        PipeDirection direction,
        int maxNumberOfServerInstances,
        PipeTransmissionMode transmissionMode,
        PipeOptions options,
        int inBufferSize,
        int outBufferSize)
        : this(
            PipeName.Parse(pipeName),
            PipeTerms.Checked(direction, maxNumberOfServerInstances, transmissionMode, options, inBufferSize, outBufferSize))
    {
    }

    /// <summary>Wraps the connected socket of a pipe.</summary>
    /// <param name="direction">The direction in which data flows.</param>
    /// <param name="isAsync">What <see cref="PipeStream.IsAsync"/> is to return.</param>
    /// <param name="isConnected">Must be true: an instance that has no client is no socket here.</param>
    /// <param name="safePipeHandle">The socket, which the stream owns from now on.</param>
    /// <exception cref="ArgumentNullException">There is no handle.</exception>
    /// <exception cref="ArgumentException">The handle is invalid.</exception>
    /// <exception cref="PlatformNotSupportedException">The handle is not connected.</exception>
    /// <exception cref="IOException">The handle is not a socket of a pipe.</exception>
    public NamedPipeServerStream(PipeDirection direction, bool isAsync, bool isConnected, SafePipeHandle safePipeHandle)
        : this(direction, isAsync, ForeignLink.Of(safePipeHandle, isConnected), safePipeHandle)
    {
    }

    private NamedPipeServerStream(PipeName name, PipeTerms terms)
        : base(terms.Direction, terms.Mode, terms.IsAsync, terms.OutBufferSize)
    {
        InSize = terms.InBufferSize;
        if (name.IsPath)
        {
            _entrance = terms.Mode == PipeTransmissionMode.Byte
                ? new PathEntrance(PathServer.Enter(name, terms), terms)
                : throw new NotSupportedException(
                    $"{name} is the path of a socket, whose other end may be a program of System.IO.Pipes, which has no messages on Linux. "
                        + "Use a name without a slash for PipeTransmissionMode.Message.");
            return;
        }

        PipeInstance instance = PipeInstance.Create(name, terms);
        _entrance = new PipeEntrance(instance, terms);
        try
        {
            // A client may connect before the server waits for one.
            _ = _entrance.Open();
        }
        catch
        {
            _entrance.Dispose();
            throw;
        }
    }

    private NamedPipeServerStream(PipeDirection direction, bool isAsync, PipeLink link, SafePipeHandle foreign)
        : base(direction, link.Mode, isAsync, 0)
    {
        _foreign = foreign;
        Begin(link);
    }

    /// <summary>Blocks until a client is connected.</summary>
    /// <exception cref="InvalidOperationException">A client is connected already.</exception>
    /// <exception cref="IOException">The pipe is broken: call <see cref="Disconnect"/> first. Or the socket cannot be made.</exception>
    /// <exception cref="ObjectDisposedException">The pipe is closed, or another thread closes it.</exception>
    public void WaitForConnection()
    {
        Task<PipeLink> next = NextClient();
        try
        {
            Connected(next.GetAwaiter().GetResult());
        }
        catch (OperationCanceledException)
        {
            throw PipeErrors.Closed();
        }
    }

    /// <inheritdoc cref="WaitForConnection"/>
    /// <returns>Completes when a client is connected.</returns>
    public Task WaitForConnectionAsync() => WaitForConnectionAsync(CancellationToken.None);

    /// <summary>Waits for a client without blocking the thread.</summary>
    /// <param name="cancellationToken">Ends the wait. A client may connect all the same; the next wait returns it.</param>
    /// <returns>Completes when a client is connected.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="InvalidOperationException">A client is connected already.</exception>
    /// <exception cref="IOException">The pipe is broken: call <see cref="Disconnect"/> first. Or the socket cannot be made.</exception>
    /// <exception cref="ObjectDisposedException">The pipe is closed, or another thread closes it.</exception>
    public async Task WaitForConnectionAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Task<PipeLink> next = NextClient();
        try
        {
            Connected(await next.WaitAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw PipeErrors.Closed();
        }
    }

    /// <summary>Begins to wait for a client.</summary>
    /// <param name="callback">Called when a client is connected, or the wait has failed.</param>
    /// <param name="state">An object of the caller.</param>
    /// <returns>The argument of <see cref="EndWaitForConnection"/>.</returns>
    public IAsyncResult BeginWaitForConnection(AsyncCallback? callback, object? state) =>
        TaskToAsyncResult.Begin(WaitForConnectionAsync(), callback, state);

    /// <summary>Ends what <see cref="BeginWaitForConnection"/> began, and blocks until a client is connected.</summary>
    /// <param name="asyncResult">What it returned.</param>
#pragma warning disable CA1822 // A member of the instance, as the platform's.
    public void EndWaitForConnection(IAsyncResult asyncResult) => TaskToAsyncResult.End(asyncResult);
#pragma warning restore CA1822

    /// <summary>Disconnects the client. What it has not read yet it can still read.</summary>
    /// <exception cref="InvalidOperationException">No client is connected.</exception>
    /// <exception cref="ObjectDisposedException">The pipe is closed.</exception>
    public void Disconnect()
    {
        switch (State)
        {
            case PipeState.Waiting:
                throw PipeErrors.NotConnected();
            case PipeState.Disconnected:
                throw new InvalidOperationException("The pipe has been disconnected already.");
            case PipeState.Closed:
                throw PipeErrors.Closed();
            default:
                End();
                break;
        }
    }

    /// <summary>Returns the name of the client's user.</summary>
    /// <remarks>The kernel recorded the user when the client connected: nothing needs to have been read from the pipe.</remarks>
    /// <returns>The name, or the number of a user without one.</returns>
    /// <exception cref="InvalidOperationException">No client is connected.</exception>
    /// <exception cref="IOException">The kernel does not know the client.</exception>
    /// <exception cref="ObjectDisposedException">The pipe is closed.</exception>
    public string GetImpersonationUserName() => Link.Peer is { } peer
        ? UserNames.Of(peer.UserId)
        : throw new IOException("The user of the client is unknown: the handle is not one of a Unix socket.");

    /// <summary>Returns the process of the client, as the kernel recorded it when the client connected.</summary>
    /// <returns>Its process id.</returns>
    /// <exception cref="InvalidOperationException">No client is connected, or its process is in another pid namespace.</exception>
    /// <exception cref="ObjectDisposedException">The pipe is closed.</exception>
    public int GetNamedPipeClientProcessId() => PeerProcess();

    /// <summary>Throws: a thread of Linux does not take on the identity of a client.</summary>
    /// <param name="impersonationWorker">What was to run as the client.</param>
    /// <exception cref="PlatformNotSupportedException">Always.</exception>
#pragma warning disable CA1822 // A member of the instance, as the platform's.
    public void RunAsClient(PipeStreamImpersonationWorker impersonationWorker) =>
        throw new PlatformNotSupportedException(
            "A thread cannot run as the client of a pipe on Linux. Check GetImpersonationUserName() and do the work as this process, "
                + "or let the client's process do it.");
#pragma warning restore CA1822

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _entrance?.Dispose();
        _foreign?.Dispose();
    }

    private Task<PipeLink> NextClient() => State switch
    {
        PipeState.Connected => throw new InvalidOperationException("A client is connected already."),
        PipeState.Broken => throw PipeErrors.Broken(),
        PipeState.Closed => throw PipeErrors.Closed(),
        _ when _entrance is null => throw new InvalidOperationException(
            "The pipe was made from the handle of a connected socket, and cannot wait for another client."),
        _ => _entrance.Open(),
    };

    private void Connected(PipeLink link)
    {
        _entrance!.Take();
        Begin(link);
    }
}
