namespace Fairlead.Synchronization.Waiting;

/// <summary>One who waits without a thread. Driven by one thread at a time.</summary>
internal abstract unsafe class Turn : IAlarmed
{
    private int _isEnding;
    private TurnThread? _thread;

    /// <summary>Whether it is to wait no longer: its time has passed, or its token is cancelled.</summary>
    public bool IsEnding => Volatile.Read(ref _isEnding) != 0;

    /// <summary>Goes on as far as is possible without waiting.</summary>
    /// <param name="word">Else: what to sleep on.</param>
    /// <param name="value">As long as it has this value.</param>
    /// <returns>Whether it is over, and its caller has been told.</returns>
    public abstract bool Advance(out int* word, out int value);

    /// <summary>Gives it up, and tells its caller. Nothing of it is left in shared memory afterwards.</summary>
    public abstract void Abandon();

    /// <summary>
    /// Gives it up because of an exception out of one of the above, or because it has no thread, and tells its caller. Does not throw.
    /// </summary>
    public abstract void Fail(Exception exception);

    /// <summary>Any thread: it is to be given up. What it has got by then stays.</summary>
    public void End()
    {
        Interlocked.Exchange(ref _isEnding, 1);
        Volatile.Read(ref _thread)?.Hurry();
    }

    void IAlarmed.OnAlarm() => End();

    /// <summary>Which thread drives it from now on; that one looks at <see cref="IsEnding"/> afterwards.</summary>
    public void MoveTo(TurnThread thread) => Interlocked.Exchange(ref _thread, thread);
}
