namespace Fairlead.Synchronization.Waiting;

/// <summary>An asynchronous waiter. One thread at a time drives it.</summary>
internal abstract unsafe class Turn : IAlarmed
{
    private int _isEnding;
    private TurnThread? _thread;

    /// <summary>Whether it is to stop waiting: its time has run out, or its token is cancelled.</summary>
    public bool IsEnding => Volatile.Read(ref _isEnding) != 0;

    /// <summary>Advances without waiting, where it can.</summary>
    /// <param name="word">If false: the word to sleep on.</param>
    /// <param name="value">The value of the word to sleep on.</param>
    /// <returns>Whether it is over, and the caller has its result.</returns>
    public abstract bool Advance(out int* word, out int value);

    /// <summary>Gives up and informs the caller. Leaves nothing in shared memory.</summary>
    public abstract void Abandon();

    /// <summary>
    /// Gives up because one of the methods above threw, or because it gets no thread, and informs the caller. Does not throw.
    /// </summary>
    public abstract void Fail(Exception exception);

    /// <summary>Asks the waiter to give up; a result that it has by then stands. Any thread may call it.</summary>
    public void End()
    {
        Interlocked.Exchange(ref _isEnding, 1);
        Volatile.Read(ref _thread)?.Hurry();
    }

    /// <summary>Makes the waiter check again what it waits for. Any thread may call it.</summary>
    public void CheckAgain() => Volatile.Read(ref _thread)?.Hurry();

    void IAlarmed.OnAlarm() => End();

    /// <summary>Assigns the thread that drives it; that thread reads <see cref="IsEnding"/> afterwards.</summary>
    public void MoveTo(TurnThread thread) => Interlocked.Exchange(ref _thread, thread);
}
