using System.IO.Pipes;
using System.Security.Principal;
using Fairlead.NamedHandles.Pipes;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.NamedHandles;

/// <summary>The client's end of a named pipe.</summary>
/// <remarks>
/// It finds each <see cref="NamedPipeServerStream"/> of this user, in all processes. A name that is an absolute path stands for the socket
/// at that path, such as the one of a server of <c>System.IO.Pipes</c> on Linux: <c>/tmp/CoreFxPipe_NAME</c>.
/// </remarks>
public sealed class NamedPipeClientStream : PipeStream
{
    private const string ThisMachine = ".";

    private readonly PipeName? _name;
    private readonly PipeDirection _direction;
    private readonly bool _currentUserOnly;
    private readonly SafePipeHandle? _foreign;

    /// <summary>Creates a client for both directions.</summary>
    /// <param name="pipeName">The name of the pipe, or the absolute path of a socket.</param>
    public NamedPipeClientStream(string pipeName)
        : this(ThisMachine, pipeName)
    {
    }

    /// <summary>Creates a client for both directions.</summary>
    /// <param name="serverName">A point: this machine.</param>
    /// <param name="pipeName">The name of the pipe, or the absolute path of a socket.</param>
    public NamedPipeClientStream(string serverName, string pipeName)
        : this(serverName, pipeName, PipeDirection.InOut)
    {
    }

    /// <summary>Creates a client.</summary>
    /// <param name="serverName">A point: this machine.</param>
    /// <param name="pipeName">The name of the pipe, or the absolute path of a socket.</param>
    /// <param name="direction">The direction in which data flows.</param>
    public NamedPipeClientStream(string serverName, string pipeName, PipeDirection direction)
        : this(serverName, pipeName, direction, PipeOptions.None)
    {
    }

    /// <summary>Creates a client with options.</summary>
    /// <param name="serverName">A point: this machine.</param>
    /// <param name="pipeName">The name of the pipe, or the absolute path of a socket.</param>
    /// <param name="direction">The direction in which data flows.</param>
    /// <param name="options">The options of the pipe.</param>
    public NamedPipeClientStream(string serverName, string pipeName, PipeDirection direction, PipeOptions options)
        : this(serverName, pipeName, direction, options, TokenImpersonationLevel.None)
    {
    }

    /// <summary>Creates a client with options.</summary>
    /// <param name="serverName">A point: this machine.</param>
    /// <param name="pipeName">The name of the pipe, or the absolute path of a socket.</param>
    /// <param name="direction">The direction in which data flows.</param>
    /// <param name="options">The options of the pipe.</param>
    /// <param name="impersonationLevel">Without effect: no server on Linux runs as its client.</param>
    public NamedPipeClientStream(
        string serverName, string pipeName, PipeDirection direction, PipeOptions options, TokenImpersonationLevel impersonationLevel)
        : this(serverName, pipeName, direction, options, impersonationLevel, HandleInheritability.None)
    {
    }

    /// <summary>Creates a client with options.</summary>
    /// <param name="serverName">A point: this machine.</param>
    /// <param name="pipeName">The name of the pipe, or the absolute path of a socket.</param>
    /// <param name="direction">The direction in which data flows.</param>
    /// <param name="options">
    /// The options of the pipe. With <see cref="PipeOptions.CurrentUserOnly"/>, a server of another user is refused.
    /// </param>
    /// <param name="impersonationLevel">Without effect: no server on Linux runs as its client.</param>
    /// <param name="inheritability">Without effect: no child process inherits the pipe.</param>
    /// <exception cref="ArgumentException">A name is empty, or the name of the pipe is too long.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range, or the name is "anonymous".</exception>
    /// <exception cref="PlatformNotSupportedException">The server is another machine.</exception>
    public NamedPipeClientStream(
        string serverName,
        string pipeName,
        PipeDirection direction,
        PipeOptions options,
        TokenImpersonationLevel impersonationLevel,
        HandleInheritability inheritability)
        : base(direction, PipeTransmissionMode.Byte, (options & PipeOptions.Asynchronous) != 0, 0)
    {
        _name = Checked(serverName, pipeName);
        PipeTerms.CheckOptions(options);
        Check(impersonationLevel);
        Check(inheritability);
        _direction = direction;
        _currentUserOnly = (options & PipeOptions.CurrentUserOnly) != 0;
    }

    /// <summary>Creates a client with rights, of which those to read and to write data give the direction.</summary>
    /// <param name="serverName">A point: this machine.</param>
    /// <param name="pipeName">The name of the pipe, or the absolute path of a socket.</param>
    /// <param name="desiredAccessRights">The rights.</param>
    /// <param name="options">The options of the pipe.</param>
    /// <param name="impersonationLevel">Without effect: no server on Linux runs as its client.</param>
    /// <param name="inheritability">Without effect: no child process inherits the pipe.</param>
    /// <exception cref="ArgumentException">A name is empty, or the name of the pipe is too long.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range, or the name is "anonymous".</exception>
    /// <exception cref="PlatformNotSupportedException">The server is another machine.</exception>
    public NamedPipeClientStream(
        string serverName,
        string pipeName,
        PipeAccessRights desiredAccessRights,
        PipeOptions options,
        TokenImpersonationLevel impersonationLevel,
        HandleInheritability inheritability)
        : this(serverName, pipeName, DirectionOf(desiredAccessRights), options, impersonationLevel, inheritability)
    {
    }

    /// <summary>Wraps the connected socket of a pipe.</summary>
    /// <param name="direction">The direction in which data flows.</param>
    /// <param name="isAsync">What <see cref="PipeStream.IsAsync"/> is to return.</param>
    /// <param name="isConnected">Must be true.</param>
    /// <param name="safePipeHandle">The socket, which the stream owns from now on.</param>
    /// <exception cref="ArgumentNullException">There is no handle.</exception>
    /// <exception cref="ArgumentException">The handle is invalid.</exception>
    /// <exception cref="PlatformNotSupportedException">The handle is not connected.</exception>
    /// <exception cref="IOException">The handle is not a socket of a pipe.</exception>
    public NamedPipeClientStream(PipeDirection direction, bool isAsync, bool isConnected, SafePipeHandle safePipeHandle)
        : this(direction, isAsync, ForeignLink.Of(safePipeHandle, isConnected), safePipeHandle)
    {
    }

    /// <summary>Wraps the connected socket of a pipe: the constructor that .NET 11 adds, on .NET 10, too.</summary>
    /// <param name="direction">The direction in which data flows.</param>
    /// <param name="isAsync">What <see cref="PipeStream.IsAsync"/> is to return.</param>
    /// <param name="safePipeHandle">The socket, which the stream owns from now on.</param>
    /// <exception cref="ArgumentNullException">There is no handle.</exception>
    /// <exception cref="ArgumentException">The handle is invalid.</exception>
    /// <exception cref="IOException">The handle is not a socket of a pipe.</exception>
    public NamedPipeClientStream(PipeDirection direction, bool isAsync, SafePipeHandle safePipeHandle)
        : this(direction, isAsync, isConnected: true, safePipeHandle)
    {
    }

    private NamedPipeClientStream(PipeDirection direction, bool isAsync, PipeLink link, SafePipeHandle foreign)
        : base(direction, link.Mode, isAsync, 0)
    {
        _foreign = foreign;
        Begin(link);
    }

    /// <summary>How many instances the server has, in all its processes; for a path, those of this process.</summary>
    /// <exception cref="InvalidOperationException">The client is not connected.</exception>
    /// <exception cref="IOException">The pipe is broken.</exception>
    /// <exception cref="ObjectDisposedException">The pipe is closed.</exception>
    public int NumberOfServerInstances
    {
        get
        {
            CheckProperties();
            return _name is null ? 1 : _name.IsPath ? PathServer.Count(_name) : PipeInstance.Count(_name);
        }
    }

    /// <summary>Connects, and blocks until a server has an instance without a client.</summary>
    public void Connect() => Connect(Timeout.Infinite);

    /// <summary>Connects, and blocks until a server has an instance without a client.</summary>
    /// <param name="timeout">
    /// The longest time to wait, in milliseconds; 0 tries each instance once. Without a limit: <see cref="Timeout.Infinite"/>.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative and not <see cref="Timeout.Infinite"/>.</exception>
    /// <exception cref="TimeoutException">No instance was free in that time.</exception>
    /// <exception cref="InvalidOperationException">The client is connected already.</exception>
    /// <exception cref="UnauthorizedAccessException">
    /// The server has another direction, or belongs to another user and <see cref="PipeOptions.CurrentUserOnly"/> is set.
    /// </exception>
    /// <exception cref="IOException">The folder of the pipes cannot be used.</exception>
    public void Connect(int timeout)
    {
        PipeConnector connector = Connector(Limit(timeout), CancellationToken.None);
        Connected(connector, connector.Connect());
    }

    /// <inheritdoc cref="Connect(int)"/>
    /// <param name="timeout">The longest time to wait.</param>
    public void Connect(TimeSpan timeout) => Connect(Milliseconds(timeout));

    /// <summary>Connects without blocking the thread.</summary>
    /// <returns>Completes when the client is connected.</returns>
    public Task ConnectAsync() => ConnectAsync(Timeout.Infinite, CancellationToken.None);

    /// <summary>Connects without blocking the thread.</summary>
    /// <param name="timeout">The longest time to wait, in milliseconds.</param>
    /// <returns>Completes when the client is connected.</returns>
    public Task ConnectAsync(int timeout) => ConnectAsync(timeout, CancellationToken.None);

    /// <summary>Connects without blocking the thread.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Completes when the client is connected.</returns>
    public Task ConnectAsync(CancellationToken cancellationToken) => ConnectAsync(Timeout.Infinite, cancellationToken);

    /// <summary>Connects without blocking the thread.</summary>
    /// <param name="timeout">The longest time to wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Completes when the client is connected.</returns>
    public Task ConnectAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        ConnectAsync(Milliseconds(timeout), cancellationToken);

    /// <inheritdoc cref="Connect(int)"/>
    /// <param name="timeout">The longest time to wait, in milliseconds.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Completes when the client is connected.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task ConnectAsync(int timeout, CancellationToken cancellationToken)
    {
        // Arguments and state throw here, and not from the task.
        PipeConnector connector = Connector(Limit(timeout), cancellationToken);
        return cancellationToken.IsCancellationRequested ? Task.FromCanceled(cancellationToken) : FinishAsync(connector);
    }

    /// <summary>Returns the process of the server, as the kernel recorded it when the server began to wait for clients.</summary>
    /// <returns>Its process id.</returns>
    /// <exception cref="InvalidOperationException">The client is not connected, or the server is in another pid namespace.</exception>
    /// <exception cref="ObjectDisposedException">The pipe is closed.</exception>
    public int GetNamedPipeServerProcessId() => PeerProcess();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _foreign?.Dispose();
    }

    private protected override void CheckProperties()
    {
        if (Link.IsBroken)
        {
            throw PipeErrors.Broken();
        }
    }

    private static PipeName Checked(string serverName, string pipeName)
    {
        ArgumentException.ThrowIfNullOrEmpty(serverName);
        PipeName name = PipeName.Parse(pipeName);
        return serverName == ThisMachine || string.Equals(serverName, Environment.MachineName, StringComparison.OrdinalIgnoreCase)
            ? name
            : throw new PlatformNotSupportedException(
                $"The pipe '{pipeName}' of the machine '{serverName}' cannot be reached: pipes connect programs of one machine. "
                    + "Between machines, use a Fairlead endpoint with an address such as tls://host:port.");
    }

    private static void Check(TokenImpersonationLevel level)
    {
        if (level is < TokenImpersonationLevel.None or > TokenImpersonationLevel.Delegation)
        {
            throw new ArgumentOutOfRangeException(nameof(level), level, "The level of impersonation is unknown.");
        }
    }

    private static void Check(HandleInheritability inheritability)
    {
        if (inheritability is < HandleInheritability.None or > HandleInheritability.Inheritable)
        {
            throw new ArgumentOutOfRangeException(nameof(inheritability), inheritability, "It is None or Inheritable.");
        }
    }

    private static PipeDirection DirectionOf(PipeAccessRights rights)
    {
        PipeDirection direction = ((rights & PipeAccessRights.ReadData) != 0 ? PipeDirection.In : 0)
            | ((rights & PipeAccessRights.WriteData) != 0 ? PipeDirection.Out : 0);
        return direction != 0 && (rights & ~(PipeAccessRights.FullControl | PipeAccessRights.AccessSystemSecurity)) == 0
            ? direction
            : throw new ArgumentOutOfRangeException(
                nameof(rights), rights, "The rights contain ReadData, WriteData or both, and no unknown one.");
    }

    private static Deadline Limit(int timeout) =>
        timeout >= Timeout.Infinite
            ? Deadline.After(TimeSpan.FromMilliseconds(timeout))
            : throw new ArgumentOutOfRangeException(
                nameof(timeout), timeout, "A time-out in milliseconds is zero, positive, or Timeout.Infinite.");

    private static int Milliseconds(TimeSpan timeout)
    {
        long milliseconds = (long)timeout.TotalMilliseconds;
        return milliseconds is >= Timeout.Infinite and <= int.MaxValue
            ? (int)milliseconds
            : throw new ArgumentOutOfRangeException(
                nameof(timeout), timeout, "A time-out is zero, positive and less than 25 days, or Timeout.InfiniteTimeSpan.");
    }

    private PipeConnector Connector(Deadline deadline, CancellationToken cancellationToken) => State switch
    {
        PipeState.Closed => throw PipeErrors.Closed(),
        PipeState.Waiting => new(_name!, _direction, _currentUserOnly, deadline, cancellationToken),
        _ => throw new InvalidOperationException("The client is connected already, or has been."),
    };

    private async Task FinishAsync(PipeConnector connector) =>
        Connected(connector, await connector.ConnectAsync().ConfigureAwait(false));

    private void Connected(PipeConnector connector, PipeLink link)
    {
        (InSize, OutSize) = connector.Buffers;
        Begin(link);
    }
}
