using System.Threading.Tasks.Sources;
using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <summary>An operation that a caller waits for, blocking or by a <see cref="ValueTask{TResult}"/>.</summary>
/// <remarks>
/// Completed once, by the thread that pumps the endpoint, or withdrawn by its caller. Pooled: it returns to the pool when its result has
/// been taken.
/// </remarks>
internal abstract class Operation
{
    private int _isClaimed;
    private bool _isSignalled;
    private bool _sleeps;
    private bool _nudged;
    private int _leader;
    private EndpointCore _endpoint = null!;

    /// <summary>The operation to signal after this one. Belongs to the <see cref="Completions"/> that contain it.</summary>
    public Operation? NextCompleted { get; set; }

    /// <summary>Whether the caller waits in its own thread, which decides how it is woken. During a use, false does not change.</summary>
    public bool IsBlocking { get; private set; }

    /// <summary>Whether the result is set. The caller may not know it yet.</summary>
    public bool IsClaimed => Volatile.Read(ref _isClaimed) != 0;

    /// <summary>Whether the claimer has finished with it. From now on it belongs to a blocking caller, which may use it again.</summary>
    public bool IsDone => Volatile.Read(ref _isSignalled);

    /// <summary>Starts a use. An asynchronous operation makes the reactor serve the endpoint until it is signalled.</summary>
    protected void Begin(bool isBlocking, EndpointCore endpoint)
    {
        IsBlocking = isBlocking;
        _endpoint = endpoint;
        if (!isBlocking)
        {
            endpoint.Pump.Awaited.CountCaller(+1);
        }

        _sleeps = _nudged = false;
        _isSignalled = false;
        _leader = 0;
        Volatile.Write(ref _isClaimed, 0);
    }

    /// <summary>Turns a blocking operation whose caller has not waited yet into an asynchronous one.</summary>
    /// <remarks>Afterwards a pump iteration must be requested. Returns false if the result is already there to be taken.</remarks>
    public bool TryStopBlocking()
    {
        lock (this)
        {
            if (_isSignalled)
            {
                return false;
            }

            _endpoint.Pump.Awaited.CountCaller(+1);
            IsBlocking = false;
            return true;
        }
    }

    /// <summary>Claims the right to complete the operation. Returns true for one caller only.</summary>
    protected bool TryClaim() => Interlocked.CompareExchange(ref _isClaimed, 1, 0) == 0;

    /// <summary>Wakes the caller. Called once, by the claimer, without any lock held.</summary>
    /// <remarks>With <paramref name="inline"/>, a continuation may run on this thread.</remarks>
    public abstract void Signal(bool inline);

    /// <summary>Notes that the caller is about to wait in the kernel. Returns false if the operation is already claimed.</summary>
    /// <remarks><see cref="EndLead"/> ends it.</remarks>
    public bool TryBeginLead()
    {
        lock (this)
        {
            _leader = IsClaimed ? 0 : NativeThread.ManagedId;
            return _leader != 0;
        }
    }

    public void EndLead()
    {
        lock (this)
        {
            _leader = 0;
        }
    }

    /// <summary>Sleeps as a follower until the operation is done, a wake-up, or the deadline by the system clock.</summary>
    public void Sleep(Deadline deadline)
    {
        lock (this)
        {
            _sleeps = true;
            while (!IsDone && !_nudged && !deadline.Passed)
            {
                TimeSpan rest = deadline.RemainingSleep;
                Monitor.Wait(
                    this,
                    rest == Timeout.InfiniteTimeSpan || rest > WaitTimes.Longest ? WaitTimes.Longest : rest + TimeSpan.FromMilliseconds(1));
            }

            _sleeps = _nudged = false;
        }
    }

    /// <summary>Makes a sleeping follower check again: it has to lead, or its token was cancelled.</summary>
    public void Nudge()
    {
        lock (this)
        {
            _nudged = true;
            Monitor.PulseAll(this);
        }
    }

    /// <summary>Makes a blocking caller check again, wherever it waits.</summary>
    public void Interrupt()
    {
        EndpointCore endpoint = _endpoint;
        Nudge();
        endpoint.Pump.WakeLeader();
    }

    protected void EndAsyncWait() => _endpoint.Pump.Awaited.CountCaller(-1);

    /// <summary>Signals a blocking caller, as the claimer's last access. Returns false without a change if the caller does not
    /// block.</summary>
    protected bool TryWakeCaller()
    {
        EndpointCore endpoint = _endpoint;
        int leader;
        lock (this)
        {
            if (!IsBlocking)
            {
                return false;
            }

            leader = _leader;
            _isSignalled = true;
            if (_sleeps)
            {
                Monitor.PulseAll(this);
            }
        }

        // A leader sleeps in the kernel, where only the poll set reaches it. Usually the leader completes its own operation.
        if (leader != 0 && leader != NativeThread.ManagedId)
        {
            endpoint.Pump.WakeLeader();
        }

        return true;
    }

    /// <summary>Waits for a claimer that has claimed but not signalled yet.</summary>
    protected void AwaitSignal()
    {
        if (!IsDone)
        {
            Sleep(Deadline.Infinite);
        }
    }

    private static class WaitTimes
    {
        public static readonly TimeSpan Longest = TimeSpan.FromDays(1);
    }
}

/// <summary>An operation with a result.</summary>
internal abstract class Operation<T> : Operation, IValueTaskSource<T>
{
    // It signals only: the result stays where it was set, because each copy of a large one costs as much as the signal.
    private ManualResetValueTaskSourceCore<bool> _core;
    private T _result = default!;
    private Exception? _error;
    private CancellationTokenRegistration _registration;
    private Expiry? _expiry;

    public ValueTask<T> Task => new(this, Mark);

    /// <summary>Identifies this use to a task.</summary>
    public short Mark => _core.Version;

    /// <summary>The result, once it is there, until it is taken.</summary>
    public ref readonly T Result => ref _result;

    public CancellationToken Token { get; private set; }

    public bool TryComplete(T result)
    {
        if (!TryClaim())
        {
            return false;
        }

        _result = result;
        return true;
    }

    public bool TryFail(Exception error)
    {
        if (!TryClaim())
        {
            return false;
        }

        _error = error;
        return true;
    }

    public override void Signal(bool inline)
    {
        if (IsBlocking && TryWakeCaller())
        {
            return;
        }

        EndAsyncWait();
        _core.RunContinuationsAsynchronously = !inline;
        if (_error is null)
        {
            _core.SetResult(true);
        }
        else
        {
            _core.SetException(_error);
        }
    }

    /// <summary>Arranges a <see cref="Withdraw"/> when the token is cancelled or the time has passed.</summary>
    /// <remarks>For asynchronous callers. A blocking caller checks both itself.</remarks>
    public void WatchFor(TimeSpan? timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        Token = cancellationToken;
        if (timeout is { } span && span != Timeout.InfiniteTimeSpan)
        {
            _expiry = new Expiry(this);
            _expiry.Start(time, span);
        }

        if (cancellationToken.CanBeCanceled)
        {
            _registration = cancellationToken.UnsafeRegister(
                static (state, t) => ((Operation<T>)state!).Withdraw(new OperationCanceledException(t)), this);
        }
    }

    /// <summary>Returns the result to a blocking caller after completion or withdrawal, and returns the operation to the pool.</summary>
    public T Take()
    {
        while (!IsDone)
        {
            AwaitSignal();
        }

        T result = _result;
        Exception? error = _error;
        Recycle();
        return error is null ? result : throw error;
    }

    /// <summary>Returns the result to an asynchronous caller, and returns the operation to the pool.</summary>
    /// <exception cref="InvalidOperationException">The task has been awaited before, or has not completed.</exception>
    public T GetResult(short token)
    {
        if (_core.GetStatus(token) == ValueTaskSourceStatus.Pending)
        {
            // It stays what it is: the caller's mistake must not give it to another call.
            throw new InvalidOperationException("The result of a task was taken before the task had completed.");
        }

        try
        {
            _ = _core.GetResult(token);
            return _result;
        }
        finally
        {
            Recycle();
        }
    }

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    /// <inheritdoc/>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    /// <summary>Takes the operation out of its queue and completes it, unless it is done, because the caller no longer waits.</summary>
    /// <remarks>It fails with <paramref name="error"/>. Null means that the time has passed, which is a result.</remarks>
    public abstract void Withdraw(Exception? error);

    /// <summary>Returns how long before its timeout <see cref="Recall"/> is called; zero means not at all.</summary>
    public virtual TimeSpan RecallBefore(TimeSpan timeout) => TimeSpan.Zero;

    /// <summary>Asks for an answer with at least the current state, because the time is nearly over.</summary>
    public virtual void Recall()
    {
    }

    protected abstract void GiveBack();

    protected void Recycle()
    {
        // Waits for a callback that runs on another thread. None may reach the next use. No lock is held here.
        _registration.Dispose();
        _registration = default;
        _expiry?.End();
        _expiry = null;
        Token = default;
        _result = default!;
        _error = null;
        _core.Reset();
        GiveBack();
    }

    /// <summary>The timeout of one use. A late tick finds it ended and does not affect the next use.</summary>
    private sealed class Expiry(Operation<T> operation) : IAlarmed
    {
        private readonly RankedLock _gate = new(LockRank.OperationExpiry);
        private ITimer? _timer;
        private Deadline _end;
        private TimeSpan _recallBefore;
        private bool _isRecalled;
        private bool _hasEnded;

        public void Start(TimeProvider time, TimeSpan span)
        {
            using (_gate.Hold())
            {
                _recallBefore = operation.RecallBefore(span);
                _isRecalled = _recallBefore == TimeSpan.Zero;
                _end = Deadline.After(span, time);
                _timer = Alarm.Create(time, this, Deadline.ForTimer(span - _recallBefore), Timeout.InfiniteTimeSpan);
            }
        }

        public void End()
        {
            using (_gate.Hold())
            {
                _hasEnded = true;
                _timer?.Dispose();
            }
        }

        void IAlarmed.OnAlarmFailed(Exception exception)
        {
            using (_gate.Hold())
            {
                if (!_hasEnded)
                {
                    operation.Withdraw(exception);
                }
            }
        }

        void IAlarmed.OnAlarm()
        {
            using (_gate.Hold())
            {
                if (_hasEnded)
                {
                    return;
                }

                TimeSpan rest = _end.Remaining;
                TimeSpan next = rest - (_isRecalled ? TimeSpan.Zero : _recallBefore);
                if (Deadline.IsTimerEarly(next))
                {
                    _timer!.Change(Deadline.ForTimer(next), Timeout.InfiniteTimeSpan);
                }
                else if (_isRecalled)
                {
                    operation.Withdraw(null);
                }
                else
                {
                    _isRecalled = true;
                    _timer!.Change(rest, Timeout.InfiniteTimeSpan);
                    operation.Recall();
                }
            }
        }
    }
}
