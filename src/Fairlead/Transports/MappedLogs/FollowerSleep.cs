using Fairlead.Logs;
using Fairlead.Logs.Storage;
using Fairlead.Native;

namespace Fairlead.Transports.MappedLogs;

/// <summary>
/// How a follower of a log sleeps: behind an event that is set by the thread that waits for all followers of the process. Has the event,
/// and whether the follower ends.
/// </summary>
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

        // One who waits since before is woken as soon as the bell has another value than then, if not now.
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

    /// <summary>Nothing: who has been woken in vain looks, and sleeps again.</summary>
    public override void EndWait()
    {
    }

    public void Drain() => _event.Drain();

    /// <summary>Nothing more is read. Any thread.</summary>
    public void End()
    {
        _isEnding = true;
        _event.Signal();
    }

    // By the thread that sleeps for all.
    void ILogWaiter.Wake()
    {
        Volatile.Write(ref _isAwaited, 0);
        _event.Signal();
    }

    // The receiver is told that the log has ended: the alternative is to wait without end.
    void ILogWaiter.Fail(Exception exception) => End();

    public void Dispose()
    {
        follower.Forget(this);
        _event.Dispose();
    }
}
