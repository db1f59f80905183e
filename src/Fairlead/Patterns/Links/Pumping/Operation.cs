using Fairlead.Native.Waiting;

namespace Fairlead.Patterns.Links.Pumping;

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
    private OperationHost _host = null!;

    /// <summary>The operation to signal after this one. Belongs to the <see cref="Completions"/> that contain it.</summary>
    public Operation? NextCompleted { get; set; }

    /// <summary>Whether the caller waits in its own thread, which decides how it is woken. During a use, false does not change.</summary>
    public bool IsBlocking { get; private set; }

    /// <summary>Whether the caller waits for an answer of the peer.</summary>
    public virtual bool WantsAnswer => false;

    /// <summary>Whether another thread of this process brings the answer.</summary>
    public virtual bool IsAnsweredInside => false;

    /// <summary>Whether the caller waits for the next message of any peer.</summary>
    public virtual bool WaitsForMessage => false;

    /// <summary>Whether the result is set. The caller may not know it yet.</summary>
    public bool IsClaimed => Volatile.Read(ref _isClaimed) != 0;

    /// <summary>Whether the claimer has finished with it. From now on it belongs to a blocking caller, which may use it again.</summary>
    public bool IsDone => Volatile.Read(ref _isSignalled);

    /// <summary>Starts a use. An asynchronous operation makes the reactor serve the endpoint until it is signalled.</summary>
    protected void Begin(bool isBlocking, OperationHost host)
    {
        IsBlocking = isBlocking;
        _host = host;
        if (!isBlocking)
        {
            host.AwaitedEvents.CountCaller(+1);
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

            _host.AwaitedEvents.CountCaller(+1);
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
    public void Wake()
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
        OperationHost host = _host;
        Wake();
        host.WakeLeader();
    }

    protected void EndAsyncWait() => _host.AwaitedEvents.CountCaller(-1);

    /// <summary>Signals a blocking caller, as the claimer's last access. Returns false without a change if the caller does not
    /// block.</summary>
    protected bool TryWakeCaller()
    {
        OperationHost host = _host;
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
            host.WakeLeader();
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
