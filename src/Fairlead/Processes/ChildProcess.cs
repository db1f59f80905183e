using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;

namespace Fairlead.Processes;

/// <summary>
/// A program that this process has started. The kernel reports its end, and waiting for it takes no thread. It never stays behind as a
/// zombie, whether or not a caller waits. It inherits only the open files that it is given.
/// </summary>
/// <remarks>
/// <para>
/// Works together with <see cref="System.Diagnostics.Process"/> in one program. Disposing closes this process's ends of its channel and
/// streams. The child runs on, unless you end it before (<see cref="Kill"/>, <see cref="EndAsync"/>) or tie it to this process
/// (<see cref="ChildProcessOptions.TiedToParent"/>).
/// </para>
/// <para>Any number of threads may use it.</para>
/// </remarks>
public sealed partial class ChildProcess : IDisposable, IAsyncDisposable
{
    private readonly Descriptor _process;
    private readonly Address? _address;
    private readonly Descriptor[] _channel;
    private readonly DescriptorStream? _input;
    private readonly DescriptorStream? _output;
    private readonly DescriptorStream? _errors;
    private int _isDisposed;

    private ChildProcess(int id, string program, int group, Descriptor process, Plumbing plumbing)
    {
        Id = id;
        Program = program;
        Group = group;
        _process = process;
        _channel = plumbing.TakeChannel(id, out _address);
        (_input, _output, _errors) = plumbing.TakeStreams();
    }

    /// <summary>Its process ID. Until its end has been reported here, no other process gets the number.</summary>
    public int Id { get; }

    /// <summary>The program, as the caller named it.</summary>
    public string Program { get; }

    /// <summary>Its process group at the start.</summary>
    public int Group { get; }

    /// <summary>
    /// The address of this process's end of the channel: <c>fd://57</c>. It can be opened once, by any pattern that the channel can carry.
    /// It connects if the child binds <see cref="Inherited.Address"/>, and vice versa.
    /// </summary>
    /// <exception cref="InvalidOperationException">The child was started without a <see cref="ChildProcessOptions.Channel"/>.</exception>
    public Address Address =>
        _address ?? throw new InvalidOperationException($"{this} was started without a channel. Set ChildProcessOptions.Channel.");

    /// <summary>
    /// The child's standard input: write to it, and dispose it to signal the end. Each write is in the kernel when it returns; <c>Flush</c>
    /// does nothing. Tokens cancel asynchronous calls.
    /// </summary>
    /// <exception cref="InvalidOperationException">The stream is not redirected to <see cref="Redirection.Pipe"/>.</exception>
    public Stream StandardInput => _input ?? throw NotPiped(nameof(StandardInput));

    /// <summary>The child's standard output. It ends when the last process with the other end has closed it.</summary>
    /// <inheritdoc cref="StandardInput" path="/exception"/>
    public Stream StandardOutput => _output ?? throw NotPiped(nameof(StandardOutput));

    /// <summary>The child's standard error.</summary>
    /// <inheritdoc cref="StandardInput" path="/exception"/>
    public Stream StandardError => _errors ?? throw NotPiped(nameof(StandardError));

    /// <summary>Sends the child a signal, never another process that got its number. False if the child has ended.</summary>
    /// <exception cref="FairleadException">PermissionDenied: the child runs as another user now.</exception>
    public bool Send(Signal signal)
    {
        Errno error = ProcessDescriptor.Send(_process, signal.Number);
        return error switch
        {
            Errno.None => !HasEnded,
            Errno.ESRCH => false,
            _ => throw ErrnoMap.Failure($"{this} cannot be sent {signal}", error),
        };
    }

    /// <summary>
    /// Sends a signal to all processes of the child's group, which must not be this process's. False if the group is empty.
    /// </summary>
    /// <exception cref="InvalidOperationException">The child is in the group of this process.</exception>
    /// <exception cref="FairleadException">PermissionDenied.</exception>
    public bool SendToGroup(Signal signal)
    {
        if (Group == Libc.ProcessGroupOf(0))
        {
            throw new InvalidOperationException(
                $"{this} is in the group of this process, which would get {signal} too. Start it with ProcessGroup.New.");
        }

        Errno error = Libc.Kill(-Group, signal.Number) == 0 ? Errno.None : Libc.LastError;
        return error switch
        {
            Errno.None => true,
            Errno.ESRCH => false,
            _ => throw ErrnoMap.Failure(
                string.Create(CultureInfo.InvariantCulture, $"the process group {Group} cannot be sent {signal}"), error),
        };
    }

    /// <summary>Kills the child immediately (SIGKILL). False if it has ended already.</summary>
    public bool Kill() => Send(Signal.Kill);

    /// <summary>
    /// Closes this process's ends of the channel (unless a pattern has opened it) and of the streams. The child runs on; Fairlead still
    /// collects its exit status.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        ReleaseGroup();
        foreach (Descriptor end in _channel)
        {
            OfferedDescriptors.Withdraw(end);
        }

        _input?.Dispose();
        _output?.Dispose();
        _errors?.Dispose();
    }

    /// <inheritdoc cref="Dispose"/>
    [SuppressMessage("Usage", "CA1816:Dispose methods should call SuppressFinalize", Justification = "There is no finalizer.")]
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"pid {Id} ({Program})");

    private InvalidOperationException NotPiped(string stream) =>
        new($"{stream} of {this} is not piped. Set ChildProcessOptions.{stream} to Redirection.Pipe.");
}
