using Fairlead.Synchronization.Waiting;

namespace Fairlead.NamedHandles.Threading;

/// <summary>
/// The wait of a registered callback for a named object. It takes one signal of the object and sets an event of this process, for which the
/// platform's registration waits. The next signal is taken when the callback for this one has begun, so that a signal that comes too late
/// for the registration can be undone.
/// </summary>
internal sealed class NamedPump : IAlarmed
{
    private readonly RankedLock _gate = new(LockRank.NamedPump);
    private readonly ObjectReference.Call _call;
    private readonly WaitOrTimerCallback _callBack;
    private readonly bool _isOnce;

    // Inside the gate.
    private LockAttempt? _attempt;
    private bool _isTaken;
    private bool _isOver;
    private bool _hasEnded;
    private PumpTurn? _turn;
    private ITimer? _checks;

    /// <param name="call">A call through the handle; this object ends it.</param>
    /// <param name="callBack">The callback of the user.</param>
    /// <param name="isOnce">Whether the registration ends with the first callback.</param>
    public NamedPump(ObjectReference.Call call, WaitOrTimerCallback callBack, bool isOnce)
    {
        _call = call;
        _callBack = callBack;
        _isOnce = isOnce;
    }

    /// <summary>The event of this process that the platform's registration waits for.</summary>
    public System.Threading.AutoResetEvent Relay { get; } = new(false);

    /// <summary>The callback of the platform's registration.</summary>
    public void OnRelayed(object? state, bool timedOut)
    {
        if (_isOnce)
        {
            if (!timedOut)
            {
                Delivered();
            }

            Stop();
            End();
        }
        else if (!timedOut)
        {
            Delivered();
            Start();
        }

        _callBack(state, timedOut);
    }

    /// <summary>Begins to wait for the next signal.</summary>
    /// <exception cref="FairleadException">Unavailable: the system could not start a thread.</exception>
    public void Start()
    {
        PumpTurn turn = new(this);
        using (_gate.Hold())
        {
            if (!_isOver)
            {
                _turn = turn;
                TurnThreads.Shared.Add(turn);
            }
        }
    }

    /// <summary>Takes no further signal from now on.</summary>
    public void Stop()
    {
        using (_gate.Hold())
        {
            _isOver = true;
            LockAttempt? attempt = _attempt;
            _attempt = null;
            attempt?.Abandon();
            _turn?.CheckAgain();
            _turn = null;
            _checks?.Dispose();
            _checks = null;
        }
    }

    void IAlarmed.OnAlarm()
    {
        using (_gate.Hold())
        {
            _turn?.CheckAgain();
        }
    }

    /// <summary>
    /// Undoes that a signal was taken for which no callback will run. Called when it is stopped and the registration of the
    /// platform has ended; again without effect.
    /// </summary>
    public void End()
    {
        bool isLeft;
        using (_gate.Hold())
        {
            if (_hasEnded)
            {
                return;
            }

            _hasEnded = true;
            isLeft = _isTaken;
        }

        if (isLeft && Relay.WaitOne(0))
        {
            _call.Target.Untake(isAbandoned: false);
        }

        _call.Dispose();
    }

    private void Delivered()
    {
        using (_gate.Hold())
        {
            _isTaken = false;
        }
    }

    // On a waiter thread. Returns true when there is nothing to wait for any more.
    private unsafe bool TryTake(out int* word, out int value)
    {
        using (_gate.Hold())
        {
            word = null;
            value = 0;
            if (_isOver)
            {
                return true;
            }

            _attempt ??= _call.Target.Begin(thread: 0);
            if (!_attempt.TryAdvance(out word, out value))
            {
                // Only where the end of a waiter before this one wakes no thread.
                TimeSpan most = _attempt.LongestSleep;
                _checks ??= most == Timeout.InfiniteTimeSpan ? null : Alarm.Create(TimeProvider.System, this, most, most);
                return false;
            }

            _attempt = null;
            _turn = null;
            _isTaken = true;
            _ = Relay.Set();
            return true;
        }
    }

    private unsafe void PassOn(int* word)
    {
        using (_gate.Hold())
        {
            _attempt?.PassOn(word);
        }
    }

    /// <summary>The wait for one signal.</summary>
    private sealed unsafe class PumpTurn(NamedPump pump) : Turn
    {
        private int* _word;

        public override bool Advance(out int* word, out int value)
        {
            if (_word != null)
            {
                pump.PassOn(_word);
            }

            bool isDone = pump.TryTake(out word, out value);
            _word = word;
            return isDone;
        }

        public override void Abandon() => pump.Stop();

        public override void Fail(Exception exception)
        {
            pump.Stop();
            FairleadEventSource.Log.Contained("a registered wait", exception.ToString());
        }
    }
}
