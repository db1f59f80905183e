using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Waiting;
using Fairlead.Processes;

namespace Fairlead.Processes;

/// <content>Stops, continuations and the end of the child. The reactor records them, whether a caller waits or not.</content>
public sealed partial class ChildProcess
{
    private readonly TaskCompletionSource<ChildExit> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<ChildChange> _changes = System.Threading.Channels.Channel.CreateUnbounded<ChildChange>();
    private readonly RankedLock _taking = new(LockRank.ChildProcess);
    private Registration? _registration;
    private bool _reportsStops;
    private bool _isHeld;
    private bool _hasEndedHeld;
    private bool _endsGroup;
    private bool _isCollected;

    /// <summary>Whether this process knows that the child has ended.</summary>
    public bool HasEnded => _end.Task.IsCompleted;

    /// <summary>How the child ended; null while it runs.</summary>
    public ChildExit? Exit => _end.Task.IsCompletedSuccessfully ? _end.Task.Result : null;

    /// <summary>
    /// Completes when the child has ended, with its result. The token cancels the wait, not the child. Waiting takes no thread.
    /// </summary>
    /// <exception cref="FairleadException">
    /// Unavailable: the child has ended, and other code of this process took its exit status by waiting for every child.
    /// </exception>
    public Task<ChildExit> ExitAsync(CancellationToken cancellationToken = default) => _end.Task.WaitAsync(cancellationToken);

    /// <summary>Blocks until the child has ended.</summary>
    /// <inheritdoc cref="ExitAsync" path="/exception"/>
    public ChildExit WaitForExit(CancellationToken cancellationToken = default) =>
        WaitForExit(Timeout.InfiniteTimeSpan, cancellationToken)!;

    /// <summary>Blocks until the child has ended or the time runs out; null in the latter case.</summary>
    /// <inheritdoc cref="ExitAsync" path="/exception"/>
    public ChildExit? WaitForExit(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        Deadline.Check(timeout);

        // The longest that a task can wait is some 24 days; beyond that it waits without limit.
        int milliseconds = timeout.TotalMilliseconds > int.MaxValue ? Timeout.Infinite : (int)timeout.TotalMilliseconds;

        // Not Task.Wait, which wraps the error. The reactor's thread completes the task, and this needs no free thread of the pool.
        Task any = Task.WhenAny(_end.Task);
        return any.Wait(milliseconds, cancellationToken)
            ? _end.Task.GetAwaiter().GetResult()
            : null;
    }

    /// <summary>
    /// Asks the child to end (SIGTERM, and SIGCONT in case it is stopped), and kills it (SIGKILL) if it has not ended in time.
    /// </summary>
    /// <param name="grace">The time that it may take; <see cref="Timeout.InfiniteTimeSpan"/>: no limit.</param>
    /// <param name="time">The clock; null: the system's.</param>
    /// <inheritdoc cref="ExitAsync" path="/exception"/>
    public async Task<ChildExit> EndAsync(TimeSpan grace, TimeProvider? time = null)
    {
        Deadline.Check(grace);
        Send(Signal.Terminate);
        Send(Signal.Continue);
        try
        {
            return await _end.Task.WaitAsync(Deadline.ForTask(grace), time ?? TimeProvider.System).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Kill();
            return await _end.Task.ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Enumerates the changes of the child in order; the last is its end, a <see cref="ChildExit"/>. With
    /// <see cref="ChildProcessOptions.ReportsStops"/> it includes <see cref="ChildChange.Stopped"/> and
    /// <see cref="ChildChange.Continued"/>. A very short stop may be missing. Each change is reported to one caller.
    /// </summary>
    /// <inheritdoc cref="ExitAsync" path="/exception"/>
    public async IAsyncEnumerable<ChildChange> ChangesAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (ChildChange change in _changes.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return change;
        }
    }

    /// <summary>Blocks until the next change (<see cref="ChangesAsync"/>); null if the end has been returned already.</summary>
    /// <inheritdoc cref="ExitAsync" path="/exception"/>
    public ChildChange? WaitForChange(CancellationToken cancellationToken = default)
    {
        ChildChange? change;
        while (!_changes.Reader.TryRead(out change))
        {
            if (!_changes.Reader.WaitToReadAsync(cancellationToken).AsTask().GetAwaiter().GetResult())
            {
                return null;
            }
        }

        return change;
    }

    /// <summary>Returns the next change that no caller has got yet; false if there is none. Does not block.</summary>
    public bool TryTakeChange([NotNullWhen(true)] out ChildChange? change) => _changes.Reader.TryRead(out change);

    /// <summary>
    /// Closes the child's group to further children, and reports the child's end like that of others from now on. No effect without
    /// <see cref="ChildProcessOptions.HoldsGroup"/>.
    /// </summary>
    public void ReleaseGroup()
    {
        using (_taking.Hold())
        {
            _isHeld = false;
            if (!_hasEndedHeld)
            {
                return;
            }

            _hasEndedHeld = false;
        }

        TakeEnd();
    }

    /// <summary>Sends a signal to the group that the child leads. False if its end has been collected, or this is forbidden.</summary>
    /// <remarks>Until the end of the leader is collected, no other group gets its number.</remarks>
    internal bool SendWhileLeading(Signal signal)
    {
        using (_taking.Hold())
        {
            return !_isCollected && Group == Id && Libc.Kill(-Group, signal.Number) == 0;
        }
    }

    /// <summary>Takes the stops and continuations. Called on SIGCHLD.</summary>
    internal void LookForStops()
    {
        using (_taking.Hold())
        {
            TakeStops();
        }
    }

    private void Watch(ChildProcessOptions options)
    {
        _isHeld = options.HoldsGroup;
        _endsGroup = options.EndsGroup;
        _reportsStops = options.ReportsStops;
        if (_reportsStops)
        {
            // Changes between the start and now were not reported.
            StoppedChildren.Add(this);
            LookForStops();
        }

        try
        {
            // From now on the reactor keeps the child reachable until it ends.
            _registration = Reactor.Shared.Register(_process, new EndWatch(this));
            _registration.Arm(PollEvents.Read);
        }
        catch
        {
            // An unwatched child would become a zombie.
            _ = ProcessDescriptor.Send(_process, Signal.Kill.Number);
            BlockingWait.Wait(_process, PollEvents.Read, Timeout.InfiniteTimeSpan);
            _isHeld = false;
            TakeEnd();
            throw;
        }
    }

    private void TakeStops()
    {
        while (_reportsStops && !HasEnded && ProcessDescriptor.Take(_process, ofStops: true, out _) is { } report)
        {
            _changes.Writer.TryWrite(
                report.Code == Libc.CLD_CONTINUED
                    ? new ChildChange.Continued()
                    : new ChildChange.Stopped(Signal.FromNumber(report.Status)));
        }
    }

    /// <summary>Takes the exit status when the descriptor is readable, which removes the zombie.</summary>
    private void TakeEnd()
    {
        ChildExit? exit;
        Errno error;
        using (_taking.Hold())
        {
            TakeStops();
            if (_isHeld)
            {
                _hasEndedHeld = true;
                return;
            }

            if (_endsGroup && ProcessDescriptor.HasEnded(_process))
            {
                // Before its status is collected: afterwards another group may get the number.
                _ = Libc.Kill(-Group, Signal.Kill.Number);
            }

            ChildReport? report = ProcessDescriptor.Take(_process, ofStops: false, out error);
            _isCollected |= report is not null || error != Errno.None;
            if (HasEnded || (report is null && error == Errno.None))
            {
                // Another check came first, or this wake-up was spurious.
                if (!HasEnded)
                {
                    _registration?.Arm(PollEvents.Read);
                }

                return;
            }

            exit = report switch
            {
                null => null,
                { Code: Libc.CLD_EXITED } => new ChildExit.Exited(report.Value.Status),
                _ => new ChildExit.Killed(Signal.FromNumber(report.Value.Status), report.Value.Code == Libc.CLD_DUMPED),
            };
        }

        AdoptedChildren.Forget(Id);
        StoppedChildren.Remove(this);
        _registration?.Dispose();
        _process.Dispose();
        if (exit is not null)
        {
            _changes.Writer.TryWrite(exit);
            _changes.Writer.TryComplete();
            _end.TrySetResult(exit);
            return;
        }

        FairleadException taken = new(
            ErrorCode.Unavailable,
            $"{this} has ended, and other code of this process has taken its exit status",
            "Other code waits for every child (waitpid(-1)), or SIGCHLD is ignored.")
        {
            Errno = (int)error,
        };
        _changes.Writer.TryComplete(taken);
        _end.TrySetException(taken);

        // Observe the exception: a caller may never ask.
        _ = _end.Task.Exception;
    }

    /// <summary>A separate object: the reactor's callback is not part of the child's public surface.</summary>
    private sealed class EndWatch(ChildProcess child) : IReactorClient
    {
        public void OnReady(PollEvents events) => child.TakeEnd();
    }
}
