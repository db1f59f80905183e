namespace Fairlead.Patterns.Links;

/// <summary>
/// Callers that wait until a peer that is held back has read its answers, and the timer that checks whether it reads at all.
/// </summary>
/// <remarks>
/// Owns the timer, and the task that the callers wait for. Everything but the timer's tick runs under the link's send lock; the
/// callers continue on other threads.
/// </remarks>
internal sealed class ReaderWait : IAlarmed
{
    private readonly TaskCompletionSource _read = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<ReaderWait> _look;
    private readonly ITimer _timer;
    private bool _hasReadSince;

    /// <param name="time">The clock.</param>
    /// <param name="patience">From one look to the next.</param>
    /// <param name="look">
    /// Called by the timer with this wait, under no lock, and perhaps once more after <see cref="End"/>: it takes the lock and checks that
    /// this is still the wait.
    /// </param>
    public ReaderWait(TimeProvider time, TimeSpan patience, Action<ReaderWait> look)
    {
        _look = look;
        _timer = Alarm.Create(time, this, patience, patience);
    }

    /// <summary>How many callers have joined.</summary>
    public int Count { get; private set; }

    /// <summary>One more caller; its task completes at <see cref="End"/>.</summary>
    public Task Join()
    {
        Count++;
        return _read.Task;
    }

    /// <summary>Bytes were written to the connection: the peer has read, and made room for them.</summary>
    public void Written(long bytes) => _hasReadSince |= bytes > 0;

    /// <summary>Whether the peer has read nothing since the last look.</summary>
    public bool Look()
    {
        bool stands = !_hasReadSince;
        _hasReadSince = false;
        return stands;
    }

    /// <summary>The peer has read enough, or is gone: all callers continue. May be called again.</summary>
    public void End()
    {
        _timer.Dispose();
        _read.TrySetResult();
    }

    void IAlarmed.OnAlarm() => _look(this);
}
