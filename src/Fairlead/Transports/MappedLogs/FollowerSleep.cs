using Fairlead.Logs;
using Fairlead.Logs.Storage;
using Fairlead.Native;
using Fairlead.Native.Waiting;

namespace Fairlead.Transports.MappedLogs;

/// <summary>Lets a follower of a log sleep on an event, which the thread that waits for all followers of the process sets.</summary>
/// <remarks>Owns the event, and whether the follower is ending.</remarks>
internal sealed class FollowerSleep(LogFollower follower) : SleepAnnouncer, ILogWaiter, IDisposable
{
    private readonly EventDescriptor _event = new();
    private int _isAwaited;
    private volatile bool _isEnding;

    public Descriptor Descriptor => _event.Descriptor;

    /// <summary>Whether nothing more is read.</summary>
    public bool IsEnding => _isEnding;

    /// <inheritdoc/>
    public override bool HasArrived => _isEnding || follower.HasNext;

    /// <inheritdoc/>
    public override bool PrepareWait()
    {
        if (_isEnding || !follower.TryAnnounce(out int bell, out bool isBusy))
        {
            return false;
        }

        // A waiter from before is woken as soon as the doorbell's value differs from its own, possibly at once.
        if (Interlocked.Exchange(ref _isAwaited, 1) == 0)
        {
            try
            {
                follower.Await(this, bell, isBusy);
            }
            catch
            {
                Volatile.Write(ref _isAwaited, 0);
                throw;
            }
        }

        return true;
    }

    /// <summary>Does nothing: a follower that is woken too early checks and sleeps again.</summary>
    public override void EndWait()
    {
    }

    public void Drain() => _event.Drain();

    /// <summary>Stops reading. Any thread.</summary>
    public void End()
    {
        _isEnding = true;
        _event.Signal();
    }

    // Called by the thread that sleeps for all followers.
    void ILogWaiter.Wake()
    {
        Volatile.Write(ref _isAwaited, 0);
        _event.Signal();
    }

    // The receiver sees the end of the log; otherwise it would wait without limit.
    void ILogWaiter.Fail(Exception exception) => End();

    public void Dispose()
    {
        follower.Forget(this);
        _event.Dispose();
    }
}
