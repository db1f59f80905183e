using System.Threading.Tasks.Sources;

namespace Fairlead.Patterns.Links.Pumping;

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

    /// <summary>The place to which a derived class writes the result that it has claimed.</summary>
    protected ref T ClaimedResult => ref _result;

    public bool TryComplete(in T result)
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
        OfferToTask();
    }

    /// <summary>Completes the task with the result that is already there. Once.</summary>
    public void OfferToTask()
    {
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
    public void WatchFor(in TimeSpan? timeout, TimeProvider time, CancellationToken cancellationToken)
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
        T result = Open(token);
        Recycle();
        return result;
    }

    /// <summary>Returns the result to an asynchronous caller in its place. <see cref="Recycle"/> follows, unless this throws.</summary>
    /// <inheritdoc cref="GetResult"/>
    public ref readonly T Open(short token)
    {
        if (_core.GetStatus(token) == ValueTaskSourceStatus.Pending)
        {
            // It stays what it is: the caller's mistake must not give it to another call.
            throw new InvalidOperationException("The result of a task was taken before the task had completed.");
        }

        if (_error is not null)
        {
            try
            {
                _ = _core.GetResult(token);
            }
            finally
            {
                Recycle();
            }
        }

        return ref _result;
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

    /// <summary>Asks for an answer with at least the current state, because the time is about to end.</summary>
    public virtual void Recall()
    {
    }

    protected abstract void ReturnToPool();

    /// <summary>Returns the operation to the pool.</summary>
    public void Recycle()
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
        ReturnToPool();
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
