using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fairlead.Native;

namespace Fairlead.Processes;

/// <summary>
/// A program that this process has started. Its end is known by the kernel's word and awaited without a thread; it never stays behind as a
/// zombie, awaited or not; it gets nothing of what this process has open but what it is given.
/// </summary>
/// <remarks>
/// <para>
/// Lives beside <see cref="System.Diagnostics.Process"/> in one program. Disposing lets go of it: this process's ends of its channel and
/// streams are closed, and it runs on, unless it is ended before (<see cref="Kill"/>, <see cref="EndAsync"/>) or tied
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

    /// <summary>Its process id. It is its own until its end has been reported here; afterwards the number may be another's.</summary>
    public int Id { get; }

    /// <summary>The program, as it was named.</summary>
    public string Program { get; }

    /// <summary>The number of its process group when it was started.</summary>
    public int Group { get; }

    /// <summary>
    /// This process's end of the channel: <c>fd://57</c>. It can be opened once, by any pattern that the channel can carry; it connects
    /// where the child binds <see cref="Inherited.Address"/>, and the other way round.
    /// </summary>
    /// <exception cref="InvalidOperationException">It was started without a <see cref="ChildProcessOptions.Channel"/>.</exception>
    public Address Address =>
        _address ?? throw new InvalidOperationException($"{this} was started without a channel. Give ChildProcessOptions.Channel.");

    /// <summary>
    /// What it reads: write into it, and dispose it so that the child sees the end. Every write is with the kernel when it returns;
    /// <c>Flush</c> does nothing. Asynchronous calls end at their token.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is not redirected to <see cref="Redirection.Pipe"/>.</exception>
    public Stream StandardInput => _input ?? throw NotPiped(nameof(StandardInput));

    /// <summary>What it writes; at its end when the last process that has the other end has closed it.</summary>
    /// <inheritdoc cref="StandardInput" path="/exception"/>
    public Stream StandardOutput => _output ?? throw NotPiped(nameof(StandardOutput));

    /// <summary>What it writes as errors.</summary>
    /// <inheritdoc cref="StandardInput" path="/exception"/>
    public Stream StandardError => _errors ?? throw NotPiped(nameof(StandardError));

    /// <summary>Sends it a signal: it, and no other process that got its number. False when it has ended.</summary>
    /// <exception cref="FairleadException">PermissionDenied: it has become another user's.</exception>
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

    /// <summary>Sends a signal to all of its process group, which must be its own. False when none of the group is left.</summary>
    /// <exception cref="InvalidOperationException">Its group is that of this process.</exception>
    /// <exception cref="FairleadException">PermissionDenied.</exception>
    public bool SendToGroup(Signal signal)
    {
        if (Group == Libc.ProcessGroupOf(0))
        {
            throw new InvalidOperationException(
                $"{this} is in the group of this process, which would be sent {signal} too. Give it ProcessGroup.New.");
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

    /// <summary>Ends it at once, by SIGKILL. False when it has ended already.</summary>
    public bool Kill() => Send(Signal.Kill);

    /// <summary>
    /// Lets go of it: closes this process's ends of its channel, if nobody has opened it, and of its streams. The child runs on, and is
    /// noted when it ends.
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
        new($"{stream} of {this} leads elsewhere. Give ChildProcessOptions.{stream} = Redirection.Pipe.");
}
