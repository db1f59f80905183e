namespace Fairlead.Rpc.Calls;

/// <summary>Counts the calls that a server has accepted, until it accepts no more.</summary>
/// <remarks>One number: the count, negative (from <see cref="Ending"/> on) once the server ends. Without a lock.</remarks>
internal sealed class ActiveCalls
{
    private const long Ending = long.MinValue / 2;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _count;

    /// <summary>Counts a call.</summary>
    /// <returns>False: no more are accepted.</returns>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _count) > 0)
        {
            return true;
        }

        Leave();
        return false;
    }

    /// <summary>The call has ended.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _count) == Ending)
        {
            _ended.TrySetResult();
        }
    }

    /// <summary>Accepts no more calls. To be called once.</summary>
    /// <returns>Completes with the last call.</returns>
    public Task EndAsync()
    {
        if (Interlocked.Add(ref _count, Ending) == Ending)
        {
            _ended.TrySetResult();
        }

        return _ended.Task;
    }
}
