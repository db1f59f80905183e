using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Waiting;

namespace Fairlead.Processes;

/// <summary>
/// A handle to an existing process (a pidfd). A signal sent through it reaches that process or none, never another that got its number. It
/// reports the end of the process immediately, also if this process is not the parent.
/// </summary>
/// <remarks>
/// Any number of threads may use it. Disposing closes the handle and does not affect the process. Only the parent can learn how the process
/// ended: see <see cref="ChildProcess"/>.
/// </remarks>
public sealed class ProcessHandle : IDisposable
{
    private readonly Descriptor _descriptor;
    private readonly RankedLock _gate = new(LockRank.ProcessHandle);
    private ExitWatch? _watch;
    private bool _isDisposed;

    private ProcessHandle(ProcessIdentity identity, Descriptor descriptor)
    {
        Identity = identity;
        _descriptor = descriptor;
    }

    /// <summary>The identity of the process.</summary>
    public ProcessIdentity Identity { get; }

    /// <summary>
    /// Its command line, with the program shortened to its file name; null if that is not visible or the process has ended.
    /// </summary>
    public string? Program => HasExited ? null : NativeProcess.CommandLine(Identity.ProcessId);

    /// <summary>Whether the process has ended, even if its parent has not collected its status yet.</summary>
    /// <exception cref="ObjectDisposedException">The handle was disposed.</exception>
    public bool HasExited => BlockingWait.Wait(_descriptor, PollEvents.Read, TimeSpan.Zero) != PollEvents.None;

    /// <summary>Opens the process that has this number now.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    /// <exception cref="FairleadException">NotFound: there is no such process, or it has ended.</exception>
    public static ProcessHandle Open(int processId)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(processId);
        return Open(processId, expected: null);
    }

    /// <summary>Opens exactly this process.</summary>
    /// <exception cref="FairleadException">
    /// NotFound: it has ended; if another process has its number, the message names that one.
    /// </exception>
    public static ProcessHandle Open(ProcessIdentity identity) => Open(identity.ProcessId, identity.Start);

    /// <summary>Sends the process a signal.</summary>
    /// <param name="signal">The signal; 0 only checks that one may be sent.</param>
    /// <param name="value">
    /// A number for the receiver, which gets it if it has blocked the signal
    /// (<see cref="Signals.ListenAsync(Signal, CancellationToken)"/>). Real-time signals are queued, each with its own number.
    /// </param>
    /// <exception cref="FairleadException">
    /// NotFound: the process has ended. PermissionDenied: it belongs to another user. Full: too many signals are queued.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The handle was disposed.</exception>
    public void Send(Signal signal, int? value = null)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        Errno error = value is { } number
            ? NativeSignal.Queue(_descriptor, signal.Number, number)
            : ProcessDescriptor.Send(_descriptor, signal.Number);
        if (error != Errno.None)
        {
            throw ProcessErrors.CannotSend($"process {Identity}", Identity.ProcessId, signal, error);
        }
    }

    /// <summary>Blocks until the process has ended. Do not dispose the handle during the wait.</summary>
    /// <param name="timeout">The longest time to wait; null: no limit.</param>
    /// <returns>False if the time ran out.</returns>
    /// <exception cref="ObjectDisposedException">The handle was disposed.</exception>
    public bool WaitForExit(TimeSpan? timeout = null) =>
        BlockingWait.Wait(_descriptor, PollEvents.Read, timeout ?? Timeout.InfiniteTimeSpan) != PollEvents.None;

    /// <summary>Waits until the process has ended. Takes no thread.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The handle was disposed, before or during the wait.</exception>
    public Task WaitForExitAsync(CancellationToken cancellationToken = default)
    {
        using (_gate.Hold())
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _watch ??= new ExitWatch(_descriptor);
            return _watch.Exited.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Closes the handle. The process runs on.</summary>
    public void Dispose()
    {
        using (_gate.Hold())
        {
            _isDisposed = true;
            _watch?.Dispose();
        }

        _descriptor.Dispose();
    }

    /// <summary>Returns the process in the form that <c>fairlead signal</c> takes.</summary>
    public override string ToString() => Identity.ToString();

    // Open the descriptor first: from then on the number refers to that process or to none.
    private static ProcessHandle Open(int processId, long? expected)
    {
        Descriptor descriptor =
            ProcessDescriptor.Open(processId, out Errno error)
            ?? throw (
                error == Errno.ESRCH ? ProcessErrors.NotFound(processId) : ErrnoMap.Failure($"cannot open process {processId}", error));
        long? start = ProcessIdentity.StartOf(processId);

        // If the process has ended by now, another may have got its number before the start time was read.
        bool hasEnded = BlockingWait.Wait(descriptor, PollEvents.Read, TimeSpan.Zero) != PollEvents.None;
        if (start is { } found && !hasEnded && (expected is null || expected == found))
        {
            return new ProcessHandle(new ProcessIdentity(processId, found), descriptor);
        }

        descriptor.Dispose();
        throw start is not null && !hasEnded
            ? ProcessErrors.Reused(new ProcessIdentity(processId, expected!.Value))
            : ProcessErrors.NotFound(processId);
    }

    /// <summary>Completes when the process ends.</summary>
    private sealed class ExitWatch : IReactorClient, IDisposable
    {
        private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Registration _registration;

        public ExitWatch(Descriptor descriptor)
        {
            // Released by Dispose.
            _registration = Reactor.Shared.Register(descriptor, this);
            _registration.Arm(PollEvents.Read);
        }

        public Task Exited => _exited.Task;

        public void OnReady(PollEvents events) => _exited.TrySetResult();

        public void Dispose()
        {
            _registration.Dispose();
            if (_exited.TrySetException(new ObjectDisposedException(nameof(ProcessHandle))))
            {
                // Observe the exception: no caller may be waiting.
                _ = _exited.Task.Exception;
            }
        }
    }
}
