namespace Fairlead.Patterns.Links.Output;

/// <summary>Callers that wait until a held-back peer has read its answers, and the timer that checks whether it reads at all.</summary>
/// <remarks>
/// Owns the timer, and the task that the callers wait for. Everything but the timer's tick runs under the link's send lock. The callers
/// continue on other threads.
/// </remarks>
internal sealed class ReaderWait : IAlarmed
{
    private readonly TaskCompletionSource _read = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<ReaderWait> _look;
    private readonly ITimer _timer;
    private bool _hasReadSince;

    /// <param name="time">The clock.</param>
    /// <param name="patience">The time between two checks.</param>
    /// <param name="look">
    /// Called by the timer with this wait, without a lock, and possibly once more after <see cref="End"/>. It takes the lock and checks
    /// that this is still the current wait.
    /// </param>
    public ReaderWait(TimeProvider time, TimeSpan patience, Action<ReaderWait> look)
    {
        _look = look;
        _timer = Alarm.Create(time, this, patience, patience);
    }

    /// <summary>The number of callers that have joined.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a caller; its task completes at <see cref="End"/>.</summary>
    public Task Join()
    {
        Count++;
        return _read.Task;
    }

    /// <summary>Notes that bytes were written to the connection: the peer has read, and freed capacity for them.</summary>
    public void Written(long bytes) => _hasReadSince |= bytes > 0;

    /// <summary>Returns whether the peer has read nothing since the last check.</summary>
    public bool Look()
    {
        bool stands = !_hasReadSince;
        _hasReadSince = false;
        return stands;
    }

    /// <summary>Makes all callers continue, because the peer has read enough or is gone. May be called again.</summary>
    public void End()
    {
        _timer.Dispose();
        _read.TrySetResult();
    }

    void IAlarmed.OnAlarm() => _look(this);
}
