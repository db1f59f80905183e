namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>Calls that wait for each other, and calls that tell what their thread has allocated.</summary>
[RpcContract]
public interface IMeeting
{
    /// <summary>Returns when as many calls wait here.</summary>
    int Meet(int calls);

    int Count(int a, int b);

    ValueTask<int> CountAsync(int a, int b, CancellationToken cancellationToken = default);
}

internal sealed class Meeting : IMeeting, IDisposable
{
    private readonly SemaphoreSlim _go = new(0);
    private int _waiting;
    private int _thread;
    private long _allocated;

    /// <summary>The bytes that threads have allocated from a count to the next, where both ran on one thread.</summary>
    public long AllocatedBetween { get; private set; }

    /// <summary>How many counts followed one on the same thread.</summary>
    public int Followed { get; private set; }

    public int Meet(int calls)
    {
        if (Interlocked.Increment(ref _waiting) == calls)
        {
            _go.Release(calls);
        }

        return _go.Wait(TimeSpan.FromMinutes(1)) ? calls : throw new TimeoutException("the other calls have not come");
    }

    /// <summary>One call at a time.</summary>
    public int Count(int a, int b)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        if (Environment.CurrentManagedThreadId == _thread)
        {
            AllocatedBetween += allocated - _allocated;
            Followed++;
        }

        (_thread, _allocated) = (Environment.CurrentManagedThreadId, allocated);
        return a + b;
    }

    public ValueTask<int> CountAsync(int a, int b, CancellationToken cancellationToken) => new(Count(a, b));

    public void Forget() => (AllocatedBetween, Followed, _thread) = (0, 0, 0);

    public void Dispose() => _go.Dispose();
}
