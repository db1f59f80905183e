using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Fairlead.Native;
using Fairlead.Processes;

namespace Fairlead.Processes;

/// <content>What becomes of it: stops, continuations and the end, of which the reactor takes note, whether somebody waits for it or
/// not.</content>
public sealed partial class ChildProcess
{
    private readonly TaskCompletionSource<ChildExit> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<ChildChange> _changes = System.Threading.Channels.Channel.CreateUnbounded<ChildChange>();
    private readonly RankedLock _taking = new(LockRank.ChildProcess);
    private Registration? _registration;
    private bool _reportsStops;
    private bool _isHeld;
    private bool _hasEndedHeld;

    /// <summary>Whether it has ended, and that is known here.</summary>
    public bool HasEnded => _end.Task.IsCompleted;

    /// <summary>How it ended; null while it has not.</summary>
    public ChildExit? Exit => _end.Task.IsCompletedSuccessfully ? _end.Task.Result : null;

    /// <summary>Completes when it has ended, with how. The token ends the wait, not the child. Waiting takes no thread.</summary>
    /// <exception cref="FairleadException">
    /// Unavailable: it has ended, and other code of this process has taken its exit status away by waiting for every child.
    /// </exception>
    public Task<ChildExit> ExitAsync(CancellationToken cancellationToken = default) => _end.Task.WaitAsync(cancellationToken);

    /// <summary>Blocks until it has ended.</summary>
    /// <inheritdoc cref="ExitAsync" path="/exception"/>
    public ChildExit WaitForExit(CancellationToken cancellationToken = default) =>
        WaitForExit(Timeout.InfiniteTimeSpan, cancellationToken)!;

    /// <summary>Blocks until it has ended, or the time has passed: null then.</summary>
    /// <inheritdoc cref="ExitAsync" path="/exception"/>
    public ChildExit? WaitForExit(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        // Not Task.Wait, which wraps the error. The reactor's thread sets it, so that no other has to be free for it.
        Task any = Task.WhenAny(_end.Task);
        return any.Wait((int)Math.Min(timeout.TotalMilliseconds, int.MaxValue), cancellationToken)
            ? _end.Task.GetAwaiter().GetResult()
            : null;
    }

    /// <summary>
    /// Asks it to end (SIGTERM, and SIGCONT in case it is stopped), and ends it by SIGKILL when it has not done so in time.
    /// </summary>
    /// <param name="grace">How long it may take.</param>
    /// <param name="time">The clock; null: the system's.</param>
    /// <inheritdoc cref="ExitAsync" path="/exception"/>
    public async Task<ChildExit> EndAsync(TimeSpan grace, TimeProvider? time = null)
    {
        Send(Signal.Terminate);
        Send(Signal.Continue);
        try
        {
            return await _end.Task.WaitAsync(grace, time ?? TimeProvider.System).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Kill();
            return await _end.Task.ConfigureAwait(false);
        }
    }

    /// <summary>
    /// What becomes of it, in order, to its end, which is the last: <see cref="ChildExit"/>. <see cref="ChildChange.Stopped"/> and
    /// <see cref="ChildChange.Continued"/> are among it where <see cref="ChildProcessOptions.ReportsStops"/> asks for them; a stop that is
    /// over before it is looked at may be missing. Each change is given to one caller.
    /// </summary>
    /// <inheritdoc cref="ExitAsync" path="/exception"/>
    public async IAsyncEnumerable<ChildChange> ChangesAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (ChildChange change in _changes.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return change;
        }
    }

    /// <summary>Blocks until something has become of it (<see cref="ChangesAsync"/>); null when its end has been told already.</summary>
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

    /// <summary>What has become of it that nobody has been told; false when there is nothing. Does not block.</summary>
    public bool TryTakeChange([NotNullWhen(true)] out ChildChange? change) => _changes.Reader.TryRead(out change);

    /// <summary>
    /// No more children join its group; its end is reported as that of others from now on. Without effect where
    /// <see cref="ChildProcessOptions.HoldsGroup"/> was not asked for.
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

    /// <summary>By SIGCHLD: takes what has happened to it besides its end.</summary>
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
        _reportsStops = options.ReportsStops;
        if (_reportsStops)
        {
            // What happened since the start was not told to it.
            StoppedChildren.Add(this);
            LookForStops();
        }

        try
        {
            // From now on the reactor holds the child until it ends: nobody else has to.
            _registration = Reactor.Shared.Register(_process, new EndWatch(this));
            _registration.Arm(PollEvents.Read);
        }
        catch
        {
            // Not watched it would become a zombie.
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

    /// <summary>Its descriptor is readable: it has ended. Takes its status, which is the end of the zombie.</summary>
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

            ChildReport? report = ProcessDescriptor.Take(_process, ofStops: false, out error);
            if (HasEnded || (report is null && error == Errno.None))
            {
                // Another look has come first; or this one came for nothing.
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
            "Something in it waits for every child (waitpid(-1)), or SIGCHLD is ignored.")
        {
            Errno = (int)error,
        };
        _changes.Writer.TryComplete(taken);
        _end.TrySetException(taken);

        // Nobody may ever ask.
        _ = _end.Task.Exception;
    }

    /// <summary>Not the child itself: what the reactor calls is nobody else's business.</summary>
    private sealed class EndWatch(ChildProcess child) : IReactorClient
    {
        public void OnReady(PollEvents events) => child.TakeEnd();
    }
}
