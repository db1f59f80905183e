using System.Threading.Tasks.Sources;
using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <summary>
/// Something that a caller waits for: blocking, or by a <see cref="ValueTask{TResult}"/>. Completed once, by whoever pumps the endpoint, or
/// withdrawn by its caller. Pooled: it goes back when its result has been taken.
/// </summary>
internal abstract class Operation
{
    private int _isClaimed;
    private bool _isSignalled;
    private bool _sleeps;
    private bool _nudged;
    private int _leader;
    private EndpointCore _endpoint = null!;

    /// <summary>The one that is signalled behind it. Of the <see cref="Completions"/> that it is in.</summary>
    public Operation? NextCompleted { get; set; }

    /// <summary>Whether the caller waits in its own thread; decides how it is woken. From false it does not change during a use.</summary>
    public bool IsBlocking { get; private set; }

    /// <summary>Whether its result stands. Its caller may not have heard of it.</summary>
    public bool IsClaimed => Volatile.Read(ref _isClaimed) != 0;

    /// <summary>Whether the claimer is through with it: from now on it is a blocking caller's alone, who may use it again.</summary>
    public bool IsDone => Volatile.Read(ref _isSignalled);

    /// <summary>Starts a use. An asynchronous one keeps the reactor at the endpoint's side until it is signalled.</summary>
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

    /// <summary>
    /// The caller, who has not waited here yet, goes on without its thread. Somebody is to be asked for a turn behind this. False: the
    /// result is there, to be taken.
    /// </summary>
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

    /// <summary>The right to complete it: true for one caller only.</summary>
    protected bool TryClaim() => Interlocked.CompareExchange(ref _isClaimed, 1, 0) == 0;

    /// <summary>
    /// Wakes the caller. Called once, by the claimer, without any lock held; <paramref name="inline"/>: a continuation may run on this
    /// thread.
    /// </summary>
    public abstract void Signal(bool inline);

    /// <summary>
    /// Its caller is about to wait in the kernel; false when it is claimed already. The release is <see cref="EndLead"/>.
    /// </summary>
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

    /// <summary>A follower sleeps until it is done, nudged, or the time has passed by the system's clock.</summary>
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

    /// <summary>Makes a sleeping follower look again: it is to lead, or its token was cancelled.</summary>
    public void Nudge()
    {
        lock (this)
        {
            _nudged = true;
            Monitor.PulseAll(this);
        }
    }

    protected void EndAsyncWait() => _endpoint.Pump.Awaited.CountCaller(-1);

    /// <summary>The claimer's last touch. False, and nothing done: the caller blocks no more.</summary>
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

        // Whoever leads sleeps in the kernel, where only the poll set reaches him. Mostly it is he who completes his own operation.
        if (leader != 0 && leader != NativeThread.ManagedId)
        {
            endpoint.Pump.WakeLeader();
        }

        return true;
    }

    /// <summary>Waits for a claimer that is between claiming and signalling.</summary>
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
    private ManualResetValueTaskSourceCore<T> _core;
    private T _result = default!;
    private Exception? _error;
    private CancellationTokenRegistration _registration;
    private Expiry? _expiry;

    public ValueTask<T> Task => new(this, _core.Version);

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
            _core.SetResult(_result);
        }
        else
        {
            _core.SetException(_error);
        }
    }

    /// <summary>
    /// Cancels by <see cref="Withdraw"/> when the token is cancelled or the time has passed. For async callers; a blocking one watches both
    /// itself.
    /// </summary>
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

    /// <summary>The result of a blocking caller whose operation was completed or withdrawn; gives the operation back.</summary>
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

    T IValueTaskSource<T>.GetResult(short token)
    {
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            Recycle();
        }
    }

    ValueTaskSourceStatus IValueTaskSource<T>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<T>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    /// <summary>
    /// The caller no longer waits: takes the operation out of its queue and completes it, unless it is done already. With
    /// <paramref name="error"/> where there is one; null: the time has passed, which is a result.
    /// </summary>
    public abstract void Withdraw(Exception? error);

    /// <summary>How long before the end of its time <see cref="Recall"/> is called; zero: not at all.</summary>
    public virtual TimeSpan RecallBefore(TimeSpan timeout) => TimeSpan.Zero;

    /// <summary>Its time is nearly over: asks for an answer that says at least how it stands.</summary>
    public virtual void Recall()
    {
    }

    protected abstract void GiveBack();

    protected void Recycle()
    {
        // Waits for a callback that runs on another thread, so none reaches the next use. No lock is held here.
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

    /// <summary>The time-out of one use. A tick that comes late finds it ended and leaves the next use alone.</summary>
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
