using Fairlead.Native;

namespace Fairlead.Processes;

/// <summary>
/// A hold on a process that exists already (a pidfd): what is sent by it reaches that process or nobody, never another that got its number;
/// and its end is known at once, whoever its parent is.
/// </summary>
/// <remarks>
/// Any number of threads may use it. Disposing lets go of it, and does nothing to the process. How it ended, only its parent can ask: see
/// <see cref="ChildProcess"/>.
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

    /// <summary>The process, and no other.</summary>
    public ProcessIdentity Identity { get; }

    /// <summary>Its command line, the program shortened to its file name; null where it cannot be seen, or has ended.</summary>
    public string? Program => HasExited ? null : NativeProcess.CommandLine(Identity.ProcessId);

    /// <summary>Whether it has ended, be it that its parent has not asked yet how.</summary>
    /// <exception cref="ObjectDisposedException">The handle was disposed.</exception>
    public bool HasExited => BlockingWait.Wait(_descriptor, PollEvents.Read, TimeSpan.Zero) != PollEvents.None;

    /// <summary>Takes hold of the process that has this number now.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    /// <exception cref="FairleadException">NotFound: there is none, or it has ended.</exception>
    public static ProcessHandle Open(int processId)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(processId);
        return Open(processId, expected: null);
    }

    /// <summary>Takes hold of this very process.</summary>
    /// <exception cref="FairleadException">NotFound: it has ended; where its number is another's by now, the error says whose.</exception>
    public static ProcessHandle Open(ProcessIdentity identity) => Open(identity.ProcessId, identity.Start);

    /// <summary>Sends it a signal.</summary>
    /// <param name="signal">0 only asks.</param>
    /// <param name="value">
    /// Comes with it where the receiver has blocked it (<see cref="Signals.ListenAsync(Signal, CancellationToken)"/>); real-time signals
    /// are queued each with its own.
    /// </param>
    /// <exception cref="FairleadException">
    /// NotFound: it has ended. PermissionDenied: it is another user's. Full: too many are queued.
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

    /// <summary>Waits until it has ended. Blocks; do not dispose meanwhile.</summary>
    /// <param name="timeout">The longest time to wait; null: no limit.</param>
    /// <returns>False when the time has passed.</returns>
    /// <exception cref="ObjectDisposedException">The handle was disposed.</exception>
    public bool WaitForExit(TimeSpan? timeout = null) =>
        BlockingWait.Wait(_descriptor, PollEvents.Read, timeout ?? Timeout.InfiniteTimeSpan) != PollEvents.None;

    /// <summary>Waits until it has ended, without a thread.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The handle was disposed, before or meanwhile.</exception>
    public Task WaitForExitAsync(CancellationToken cancellationToken = default)
    {
        using (_gate.Hold())
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _watch ??= new ExitWatch(_descriptor);
            return _watch.Exited.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Lets go of it. The process goes on.</summary>
    public void Dispose()
    {
        using (_gate.Hold())
        {
            _isDisposed = true;
            _watch?.Dispose();
        }

        _descriptor.Dispose();
    }

    /// <summary>For people: the process, as <c>fairlead signal</c> takes it.</summary>
    public override string ToString() => Identity.ToString();

    // The descriptor first: from then on the number stands for the process that it had, or for none.
    private static ProcessHandle Open(int processId, long? expected)
    {
        Descriptor descriptor =
            ProcessDescriptor.Open(processId, out Errno error)
            ?? throw (
                error == Errno.ESRCH ? ProcessErrors.NotFound(processId) : ErrnoMap.Failure($"cannot open process {processId}", error));
        long? start = ProcessIdentity.StartOf(processId);

        // What has ended by now may have given its number away before its beginning was read.
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
                // Nobody need be waiting.
                _ = _exited.Task.Exception;
            }
        }
    }
}
